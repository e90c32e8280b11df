# SPDX-License-Identifier: Apache-2.0
function Update-AzsBackupConfiguration {
    <#
    .SYNOPSIS
    Changes some settings of the backup location, by api-version 2021-09-01.
    .DESCRIPTION
    What is not given keeps its value. A share takes the place of a blob container and the other way round.
    .PARAMETER Path
    The share: \\server\share[\folder], smb://server[:port]/share[/folder], or an absolute path on the service.
    .PARAMETER UserName
    DOMAIN\user, user@domain or user.
    .PARAMETER Password
    The user's password on the share.
    .PARAMETER BlobStorageUrl
    The address of a blob container that takes the place of the share.
    .PARAMETER BlobStorageKey
    The key of its storage account.
    .PARAMETER EncryptionCertPath
    The certificate (.cer, DER or PEM) whose private key opens the backups; the file is read here.
    .PARAMETER BackupFrequencyInHours
    Hours from one scheduled backup to the next, 4 to 12.
    .PARAMETER BackupRetentionPeriodInDays
    Days for which backups are kept, 2 to 14.
    .PARAMETER IsBackupSchedulerEnabled
    Whether backups are made by themselves; -IsBackupSchedulerEnabled:$false pauses that.
    .PARAMETER Tag
    Tags of the resource.
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
    .PARAMETER Force
    Do not ask.
    .EXAMPLE
    Update-AzsBackupConfiguration -BackupRetentionPeriodInDays 5

    Changes the retention period and nothing else.
    .EXAMPLE
    Update-AzsBackupConfiguration -Path '\\files02.example.com\AzSBackups' -UserName 'EXAMPLE\backupsvc' -Password $password

    Moves to another share.
    .OUTPUTS
    Infrabackup.Admin.BackupLocation
    #>
    [CmdletBinding(DefaultParameterSetName = 'FileShare', SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    [OutputType('Infrabackup.Admin.BackupLocation')]
    param(
        [Parameter(ParameterSetName = 'FileShare')]
        [Alias('BackupShare')]
        [string] $Path,
        [Parameter(ParameterSetName = 'FileShare')]
        [string] $UserName,
        [Parameter(ParameterSetName = 'FileShare')]
        [securestring] $Password,
        [Parameter(ParameterSetName = 'BlobStorage')]
        [string] $BlobStorageUrl,
        [Parameter(ParameterSetName = 'BlobStorage')]
        [securestring] $BlobStorageKey,
        [string] $EncryptionCertPath,
        [int] $BackupFrequencyInHours,
        [int] $BackupRetentionPeriodInDays,
        [switch] $IsBackupSchedulerEnabled,
        [hashtable] $Tag,
        [Alias('BackupLocation')]
        [string] $Location,
        [string] $SubscriptionId,
        [string] $ResourceGroupName,
        [Alias('Connection')]
        $DefaultProfile,
        [switch] $AsJob,
        [switch] $NoWait,
        [switch] $Force
    )
    process {
        try {
            if ($Force -and -not $PSBoundParameters.ContainsKey('Confirm')) {
                $ConfirmPreference = 'None'
            }
            $target = Resolve-InfrabackupTarget -Parameters $PSBoundParameters
            if (-not $PSCmdlet.ShouldProcess((Get-InfrabackupTargetText -Target $target), 'Change the backup configuration')) {
                return
            }
            if ($AsJob) {
                return Start-InfrabackupJob -CommandName 'Update-AzsBackupConfiguration' -Parameters $PSBoundParameters -Connection $target['connection']
            }
            Invoke-InfrabackupOperation -Operation 'BackupLocations_Update' -Target $target -Parameters $PSBoundParameters -NoWait:$NoWait
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
