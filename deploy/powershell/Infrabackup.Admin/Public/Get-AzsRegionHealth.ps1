# SPDX-License-Identifier: Apache-2.0
function Get-AzsRegionHealth {
    <#
    .SYNOPSIS
    Shows how many alerts are open in the region.
    .PARAMETER Location
    The region; without it, the connection's.
    .PARAMETER InputObject
    An object of this module, its id, or its name.
    .PARAMETER ResourceId
    The id that begins with /subscriptions/.
    .PARAMETER SubscriptionId
    The operator's subscription; without it, the connection's.
    .PARAMETER ResourceGroupName
    Without it the connection's, or system.LOCATION.
    .PARAMETER DefaultProfile
    What Connect-Infrabackup returned; without it, the session's connection.
    .EXAMPLE
    Get-AzsRegionHealth

    Lists the region with the number of its alerts.
    .EXAMPLE
    (Get-AzsRegionHealth -Location 'north').CriticalAlertCount

    Shows one number.
    .OUTPUTS
    Infrabackup.Admin.RegionHealth
    #>
    [CmdletBinding(DefaultParameterSetName = 'List')]
    [OutputType('Infrabackup.Admin.RegionHealth')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ParameterSetName = 'Get')]
        [Alias('Name', 'Region')]
        [string] $Location,
        [Parameter(Mandatory = $true, ValueFromPipeline = $true, ParameterSetName = 'InputObject')]
        [psobject] $InputObject,
        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true, ParameterSetName = 'ResourceId')]
        [Alias('Id')]
        [string] $ResourceId,
        [string] $SubscriptionId,
        [string] $ResourceGroupName,
        [Alias('Connection')]
        $DefaultProfile
    )
    process {
        try {
            $target = Resolve-InfrabackupTarget -Parameters $PSBoundParameters
            if ($PSCmdlet.ParameterSetName -eq 'List') {
                return Invoke-InfrabackupOperation -Operation 'RegionHealths_List' -Target $target -Parameters $PSBoundParameters
            }
            Invoke-InfrabackupOperation -Operation 'RegionHealths_Get' -Target $target -Parameters $PSBoundParameters
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
