# SPDX-License-Identifier: Apache-2.0
function Get-AzsBackupMaintenance {
    <#
    .SYNOPSIS
    Shows the newest maintenance of the cloud; while it is Active no backup is made.
    .PARAMETER Location
    The region; without it, the connection's.
    .PARAMETER SubscriptionId
    The operator's subscription; without it, the connection's.
    .PARAMETER ResourceGroupName
    Without it the connection's, or system.LOCATION.
    .PARAMETER DefaultProfile
    What Connect-Infrabackup returned; without it, the session's connection.
    .EXAMPLE
    Get-AzsBackupMaintenance

    Shows the state None, Pending, Active, Ended or NotBegun.
    .OUTPUTS
    Infrabackup.Admin.BackupMaintenance
    #>
    [CmdletBinding()]
    [OutputType('Infrabackup.Admin.BackupMaintenance')]
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
            Invoke-InfrabackupOperation -Operation 'Maintenance_Get' -Target $target -Parameters $PSBoundParameters
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
