# SPDX-License-Identifier: Apache-2.0
function Get-AzsAlert {
    <#
    .SYNOPSIS
    Lists alerts, or shows one.
    .PARAMETER Name
    The alert's id, or LOCATION/ID as the property Name has it.
    .PARAMETER InputObject
    An object of this module, its id, or its name.
    .PARAMETER ResourceId
    The id that begins with /subscriptions/.
    .PARAMETER Filter
    OData over Properties/State, Properties/Severity and Properties/FaultTypeId.
    .PARAMETER Location
    The region; without it, the connection's.
    .PARAMETER SubscriptionId
    The operator's subscription; without it, the connection's.
    .PARAMETER ResourceGroupName
    Without it the connection's, or system.LOCATION.
    .PARAMETER DefaultProfile
    What Connect-Infrabackup returned; without it, the session's connection.
    .EXAMPLE
    Get-AzsAlert -Filter "(Properties/State eq 'Active') and (Properties/Severity eq 'Critical')"

    Lists what needs somebody now.
    .EXAMPLE
    (Get-AzsAlert | Where-Object { $_.State -eq 'Active' }).Title

    Lists the titles of those that are open.
    .OUTPUTS
    Infrabackup.Admin.Alert
    #>
    [CmdletBinding(DefaultParameterSetName = 'List')]
    [OutputType('Infrabackup.Admin.Alert')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ParameterSetName = 'Get')]
        [string] $Name,
        [Parameter(Mandatory = $true, ValueFromPipeline = $true, ParameterSetName = 'InputObject')]
        [psobject] $InputObject,
        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true, ParameterSetName = 'ResourceId')]
        [Alias('Id')]
        [string] $ResourceId,
        [Parameter(ParameterSetName = 'List')]
        [string] $Filter,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [Alias('Region')]
        [string] $Location,
        [string] $SubscriptionId,
        [string] $ResourceGroupName,
        [Alias('Connection')]
        $DefaultProfile
    )
    process {
        try {
            $target = Resolve-InfrabackupTarget -Parameters $PSBoundParameters
            if ($PSCmdlet.ParameterSetName -eq 'List') {
                return Invoke-InfrabackupOperation -Operation 'Alerts_List' -Target $target -Parameters $PSBoundParameters
            }
            Invoke-InfrabackupOperation -Operation 'Alerts_Get' -Target $target -Parameters $PSBoundParameters
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
