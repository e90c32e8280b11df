# SPDX-License-Identifier: Apache-2.0
function Get-AzsRPHealth {
    <#
    .SYNOPSIS
    Shows the health of the backup service.
    .PARAMETER Name
    The registration id, or LOCATION/ID as the property Name has it.
    .PARAMETER InputObject
    An object of this module, its id, or its name.
    .PARAMETER ResourceId
    The id that begins with /subscriptions/.
    .PARAMETER Location
    The region; without it, the connection's.
    .PARAMETER SubscriptionId
    The operator's subscription; without it, the connection's.
    .PARAMETER ResourceGroupName
    Without it the connection's, or system.LOCATION.
    .PARAMETER DefaultProfile
    What Connect-Infrabackup returned; without it, the session's connection.
    .EXAMPLE
    Get-AzsRPHealth

    Lists services with their HealthState.
    .EXAMPLE
    Get-AzsRPHealth | Where-Object { $_.HealthState -ne 'Healthy' }

    Lists those that need somebody.
    .OUTPUTS
    Infrabackup.Admin.ServiceHealth
    #>
    [CmdletBinding(DefaultParameterSetName = 'List')]
    [OutputType('Infrabackup.Admin.ServiceHealth')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ParameterSetName = 'Get')]
        [Alias('ServiceHealth', 'ServiceRegistrationId')]
        [string] $Name,
        [Parameter(Mandatory = $true, ValueFromPipeline = $true, ParameterSetName = 'InputObject')]
        [psobject] $InputObject,
        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true, ParameterSetName = 'ResourceId')]
        [Alias('Id')]
        [string] $ResourceId,
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
                return Invoke-InfrabackupOperation -Operation 'ServiceHealths_List' -Target $target -Parameters $PSBoundParameters
            }
            Invoke-InfrabackupOperation -Operation 'ServiceHealths_Get' -Target $target -Parameters $PSBoundParameters
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
