# SPDX-License-Identifier: Apache-2.0
# What the Tab key offers. Whatever fails offers nothing.

function Get-InfrabackupCompletions {
    param([string[]] $Values, [string] $Word)
    foreach ($value in $Values) {
        if ($value -like ($Word.Trim("'", '"') + '*')) {
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $value)
        }
    }
}

function Register-InfrabackupCompleters {
    $backups = @('Get-AzsBackup', 'Restore-AzsBackup', 'Restart-AzsBackup', 'Stop-AzsBackup', 'Test-AzsBackup',
        'Add-AzsBackupPin', 'Remove-AzsBackupPin')
    Register-ArgumentCompleter -CommandName $backups -ParameterName 'Name' -ScriptBlock {
        param($commandName, $parameterName, $wordToComplete, $commandAst, $fakeBoundParameters)
        try {
            Get-InfrabackupCompletions -Values @((Get-AzsBackup).BackupId) -Word $wordToComplete
        } catch {
            Write-Debug 'No backups to offer.'
        }
    }
    Register-ArgumentCompleter -CommandName @('Get-AzsAlert', 'Close-AzsAlert', 'Repair-AzsAlert') -ParameterName 'Name' -ScriptBlock {
        param($commandName, $parameterName, $wordToComplete, $commandAst, $fakeBoundParameters)
        try {
            Get-InfrabackupCompletions -Values @((Get-AzsAlert).AlertId) -Word $wordToComplete
        } catch {
            Write-Debug 'No alerts to offer.'
        }
    }
    Register-ArgumentCompleter -CommandName @('Get-AzsBackupOperation') -ParameterName 'Kind' -ScriptBlock {
        param($commandName, $parameterName, $wordToComplete, $commandAst, $fakeBoundParameters)
        try {
            Get-InfrabackupCompletions -Values @((Get-AzsBackupOperation).Kind | Sort-Object -Unique) -Word $wordToComplete
        } catch {
            Write-Debug 'No kinds to offer.'
        }
    }
}
