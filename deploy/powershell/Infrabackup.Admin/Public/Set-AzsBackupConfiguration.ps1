# SPDX-License-Identifier: Apache-2.0
function Set-AzsBackupConfiguration {
    <#
    .SYNOPSIS
    Changes where backups go, when they are made and how long they are kept.
    .DESCRIPTION
    What is not given keeps its value.
    .PARAMETER Path
    The share: \\server\share[\folder], smb://server[:port]/share[/folder], or an absolute path on the service.
    .PARAMETER UserName
    DOMAIN\user, user@domain or user.
    .PARAMETER Password
    The user's password on the share.
    .PARAMETER EncryptionCertPath
    The certificate (.cer, DER or PEM) whose private key opens the backups; the file is read here.
    .PARAMETER EncryptionKeyBase64
    A pre-shared key in place of a certificate, by api-version 2016-05-01; not once a certificate has been set.
    .PARAMETER BackupFrequencyInHours
    Hours from one scheduled backup to the next, 4 to 12.
    .PARAMETER BackupRetentionPeriodInDays
    Days for which backups are kept, 2 to 14.
    .PARAMETER IsBackupSchedulerEnabled
    Whether backups are made by themselves; -IsBackupSchedulerEnabled:$false pauses that.
    .PARAMETER Tag
    Tags of the resource.
    .PARAMETER Backup
    Settings as an object or a hashtable, for example one of Get-AzsBackupConfiguration that was changed. A Password
    in it is a SecureString.
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
    $password = Read-Host -AsSecureString 'Password of the share'
    Set-AzsBackupConfiguration -Path '\\files01.example.com\AzSBackups' -UserName 'EXAMPLE\backupsvc' -Password $password -EncryptionCertPath ./backup.cer

    Configures the share. The service tries it before it stores anything; when that fails, the former configuration
    stays.
    .EXAMPLE
    Set-AzsBackupConfiguration -BackupRetentionPeriodInDays 10 -IsBackupSchedulerEnabled

    Changes two settings; all others keep their values.
    .EXAMPLE
    $configuration = Get-AzsBackupConfiguration
    $configuration.BackupFrequencyInHours = 6
    $configuration | Set-AzsBackupConfiguration

    Changes a setting of an object and sends it back. What only the service sets in it is left out.
    .OUTPUTS
    Infrabackup.Admin.BackupLocation
    #>
    [CmdletBinding(DefaultParameterSetName = 'Expanded', SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    [OutputType('Infrabackup.Admin.BackupLocation')]
    param(
        [Parameter(ParameterSetName = 'Expanded')]
        [Alias('BackupShare')]
        [string] $Path,
        [Parameter(ParameterSetName = 'Expanded')]
        [string] $UserName,
        [Parameter(ParameterSetName = 'Expanded')]
        [securestring] $Password,
        [Parameter(ParameterSetName = 'Expanded')]
        [string] $EncryptionCertPath,
        [Parameter(ParameterSetName = 'Expanded')]
        [Alias('EncryptionKey')]
        [securestring] $EncryptionKeyBase64,
        [Parameter(ParameterSetName = 'Expanded')]
        [int] $BackupFrequencyInHours,
        [Parameter(ParameterSetName = 'Expanded')]
        [int] $BackupRetentionPeriodInDays,
        [Parameter(ParameterSetName = 'Expanded')]
        [switch] $IsBackupSchedulerEnabled,
        [Parameter(ParameterSetName = 'Expanded')]
        [hashtable] $Tag,
        [Parameter(Mandatory = $true, ValueFromPipeline = $true, ParameterSetName = 'Object')]
        [psobject] $Backup,
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
            if ($EncryptionCertPath -and $null -ne $EncryptionKeyBase64) {
                throw (New-InfrabackupErrorRecord -Code 'TwoKeys' -Message 'Give either -EncryptionCertPath or -EncryptionKeyBase64.')
            }
            $settings = $PSBoundParameters
            if ($PSCmdlet.ParameterSetName -eq 'Object') {
                $settings = Get-InfrabackupSettings -Object $Backup
            }
            $target = Resolve-InfrabackupTarget -Parameters $PSBoundParameters
            if (-not $PSCmdlet.ShouldProcess((Get-InfrabackupTargetText -Target $target), 'Change the backup configuration')) {
                return
            }
            if ($AsJob) {
                return Start-InfrabackupJob -CommandName 'Set-AzsBackupConfiguration' -Parameters $PSBoundParameters -Connection $target['connection']
            }
            $operation = 'BackupLocations_Set'
            if ($settings.ContainsKey('EncryptionKeyBase64')) {
                $operation = 'BackupLocations_SetKey'
            }
            Invoke-InfrabackupOperation -Operation $operation -Target $target -Parameters $settings -NoWait:$NoWait
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
