# SPDX-License-Identifier: Apache-2.0
function Get-AzsBackupCapacity {
    <#
    .SYNOPSIS
    Shows the room on the share and how long it lasts.
    .PARAMETER Location
    The region; without it, the connection's.
    .PARAMETER SubscriptionId
    The operator's subscription; without it, the connection's.
    .PARAMETER ResourceGroupName
    Without it the connection's, or system.LOCATION.
    .PARAMETER DefaultProfile
    What Connect-Infrabackup returned; without it, the session's connection.
    .EXAMPLE
    Get-AzsBackupCapacity

    Shows the room as of the last look at the share, and the forecast.
    .EXAMPLE
    if ((Get-AzsBackupCapacity).IsAlmostFull) { Write-Warning 'The share is almost full' }

    Acts when room runs short.
    .OUTPUTS
    Infrabackup.Admin.BackupCapacity
    #>
    [CmdletBinding()]
    [OutputType('Infrabackup.Admin.BackupCapacity')]
    param(
        [Alias('BackupLocation')]
        [string] $Location,
        [string] $SubscriptionId,
        [string] $ResourceGroupName,
        [Alias('Connection')]
        $DefaultProfile
    )
    process {
        try {
            $target = Resolve-InfrabackupTarget -Parameters $PSBoundParameters
            Invoke-InfrabackupOperation -Operation 'Capacity_Get' -Target $target -Parameters $PSBoundParameters
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
