# SPDX-License-Identifier: Apache-2.0
function Stop-AzsBackupMaintenance {
    <#
    .SYNOPSIS
    Ends maintenance of the cloud: backups are made again.
    .PARAMETER BackupAfter
    A backup is made after the end unless this is -BackupAfter:$false; a scheduled one that was skipped is made up
    in any case.
    .PARAMETER Location
    The region; without it, the connection's.
    .PARAMETER SubscriptionId
    The operator's subscription; without it, the connection's.
    .PARAMETER ResourceGroupName
    Without it the connection's, or system.LOCATION.
    .PARAMETER DefaultProfile
    What Connect-Infrabackup returned; without it, the session's connection.
    .EXAMPLE
    Stop-AzsBackupMaintenance

    Ends it; a backup follows.
    .EXAMPLE
    Stop-AzsBackupMaintenance -BackupAfter:$false

    Ends it without one.
    .OUTPUTS
    Infrabackup.Admin.BackupMaintenance
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    [OutputType('Infrabackup.Admin.BackupMaintenance')]
    param(
        [switch] $BackupAfter,
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
            if (-not $PSCmdlet.ShouldProcess((Get-InfrabackupTargetText -Target $target), 'End maintenance')) {
                return
            }
            Invoke-InfrabackupOperation -Operation 'Maintenance_End' -Target $target -Parameters $PSBoundParameters
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
