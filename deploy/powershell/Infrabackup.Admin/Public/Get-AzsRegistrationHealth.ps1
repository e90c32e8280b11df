# SPDX-License-Identifier: Apache-2.0
function Get-AzsRegistrationHealth {
    <#
    .SYNOPSIS
    Shows the health of the parts of a service.
    .PARAMETER ServiceRegistrationId
    RegistrationId of Get-AzsRPHealth, or its Name.
    .PARAMETER Name
    The registration id of the part.
    .PARAMETER InputObject
    What Get-AzsRPHealth returned: the parts of that service are listed.
    .PARAMETER Location
    The region; without it, the connection's.
    .PARAMETER SubscriptionId
    The operator's subscription; without it, the connection's.
    .PARAMETER ResourceGroupName
    Without it the connection's, or system.LOCATION.
    .PARAMETER DefaultProfile
    What Connect-Infrabackup returned; without it, the session's connection.
    .EXAMPLE
    Get-AzsRPHealth | Get-AzsRegistrationHealth

    Lists the parts of every service.
    .EXAMPLE
    Get-AzsRegistrationHealth -ServiceRegistrationId $service.RegistrationId

    Lists those of one service.
    .OUTPUTS
    Infrabackup.Admin.ResourceHealth
    #>
    [CmdletBinding(DefaultParameterSetName = 'List')]
    [OutputType('Infrabackup.Admin.ResourceHealth')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ParameterSetName = 'List')]
        [Parameter(Mandatory = $true, Position = 0, ParameterSetName = 'Get')]
        [Alias('ServiceRegistrationName', 'ServiceHealth')]
        [string] $ServiceRegistrationId,
        [Parameter(Mandatory = $true, Position = 1, ParameterSetName = 'Get')]
        [Alias('ResourceRegistrationId')]
        [string] $Name,
        [Parameter(Mandatory = $true, ValueFromPipeline = $true, ParameterSetName = 'InputObject')]
        [psobject] $InputObject,
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
            if ($PSCmdlet.ParameterSetName -eq 'Get') {
                return Invoke-InfrabackupOperation -Operation 'ResourceHealths_Get' -Target $target -Parameters $PSBoundParameters
            }
            if ($PSCmdlet.ParameterSetName -eq 'InputObject') {
                $target['service'] = $target['name']
            }
            Invoke-InfrabackupOperation -Operation 'ResourceHealths_List' -Target $target -Parameters $PSBoundParameters
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
