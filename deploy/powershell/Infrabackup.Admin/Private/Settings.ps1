# SPDX-License-Identifier: Apache-2.0
# Parameters out of objects: what stands for them in -Backup, -RestoreOption, -Option and -Alert.

# What a caller may set of $Object, by parameter; nulls and empty texts are left out, secrets that are no SecureString too.
function Get-InfrabackupSettings {
    param($Object)
    if ($Object -is [System.Collections.IDictionary]) {
        $Object = [pscustomobject] $Object
    }
    $names = @('Path', 'UserName', 'EncryptionCertPath', 'BackupFrequencyInHours', 'BackupRetentionPeriodInDays',
        'IsBackupSchedulerEnabled', 'RoleName', 'DecryptionCertPath', 'OperationType', 'PlanId')
    $settings = @{}
    foreach ($name in $names) {
        $value = Get-InfrabackupMember -Object $Object -Path $name
        if (-not [string]::IsNullOrEmpty([string] $value)) {
            $settings[$name] = $value
        }
    }
    foreach ($name in @('Password', 'DecryptionCertPassword')) {
        $value = Get-InfrabackupMember -Object $Object -Path $name
        if ($value -is [securestring]) {
            $settings[$name] = $value
        }
    }
    return $settings
}

# An alert as it was read, closed.
function Get-InfrabackupAlertSettings {
    param($Alert, [string] $User)
    $names = @('AlertId', 'AlertProperty', 'ClosedByUserAlias', 'CreatedTimestamp', 'Description', 'FaultId',
        'FaultTypeId', 'HasValidRemediationAction', 'ImpactedResourceDisplayName', 'ImpactedResourceId',
        'LastUpdatedTimestamp', 'Remediation', 'ResourceProviderRegistrationId', 'ResourceRegistrationId', 'Severity',
        'Title')
    $settings = @{ State = 'Closed' }
    foreach ($name in $names) {
        $value = Get-InfrabackupMember -Object $Alert -Path $name
        if ($null -ne $value) {
            $settings[$name] = $value
        }
    }
    if ($User) {
        $settings['User'] = $User
    }
    return $settings
}
