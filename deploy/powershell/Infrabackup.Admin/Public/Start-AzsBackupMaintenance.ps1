# SPDX-License-Identifier: Apache-2.0
function Start-AzsBackupMaintenance {
    <#
    .SYNOPSIS
    Begins maintenance of the cloud: no backup is made until it ends.
    .PARAMETER Operation
    What is done to the cloud.
    .PARAMETER PlannedEnd
    For people; maintenance lasts until Stop-AzsBackupMaintenance ends it.
    .PARAMETER BackupBefore
    Make a backup first; maintenance begins when that has succeeded.
    .PARAMETER Location
    The region; without it, the connection's.
    .PARAMETER SubscriptionId
    The operator's subscription; without it, the connection's.
    .PARAMETER ResourceGroupName
    Without it the connection's, or system.LOCATION.
    .PARAMETER DefaultProfile
    What Connect-Infrabackup returned; without it, the session's connection.
    .PARAMETER AsJob
    Carry it out in the background; returns the job.
    .PARAMETER NoWait
    Return as soon as the service has accepted it, with the address where its end can be seen.
    .EXAMPLE
    Start-AzsBackupMaintenance -Operation Update -BackupBefore

    Makes a backup, then begins; returns the backup.
    .EXAMPLE
    Start-AzsBackupMaintenance -Operation SecretRotation -PlannedEnd (Get-Date).AddHours(2)

    Begins at once.
    .OUTPUTS
    Infrabackup.Admin.BackupMaintenance
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    [OutputType('Infrabackup.Admin.BackupMaintenance')]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [ValidateSet('Update', 'HardwareReplacement', 'SecretRotation')]
        [string] $Operation,
        [datetime] $PlannedEnd,
        [switch] $BackupBefore,
        [Alias('BackupLocation')]
        [string] $Location,
        [string] $SubscriptionId,
        [string] $ResourceGroupName,
        [Alias('Connection')]
        $DefaultProfile,
        [switch] $AsJob,
        [switch] $NoWait
    )
    process {
        try {
            $target = Resolve-InfrabackupTarget -Parameters $PSBoundParameters
            if (-not $PSCmdlet.ShouldProcess((Get-InfrabackupTargetText -Target $target), 'Begin maintenance: no backup is made until it ends')) {
                return
            }
            if ($AsJob) {
                return Start-InfrabackupJob -CommandName 'Start-AzsBackupMaintenance' -Parameters $PSBoundParameters -Connection $target['connection']
            }
            Invoke-InfrabackupOperation -Operation 'Maintenance_Begin' -Target $target -Parameters $PSBoundParameters -NoWait:$NoWait
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
