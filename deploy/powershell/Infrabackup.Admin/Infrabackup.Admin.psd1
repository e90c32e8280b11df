# SPDX-License-Identifier: Apache-2.0
# The module's manifest: what it exports and needs.
@{
    RootModule           = 'Infrabackup.Admin.psm1'
    ModuleVersion        = '1.0.0'
    GUID                 = '5d1f3c52-4a0e-4f43-9a5c-6a3d6f0b7c21'
    Author               = 'infrabackup'
    Copyright            = 'Apache-2.0'
    Description          = 'Backup and recovery of the infrastructure services of a private cloud: the cmdlets of its backup service, and what that lacks.'
    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Core', 'Desktop')
    FormatsToProcess     = @('Infrabackup.Admin.Format.ps1xml')
    TypesToProcess       = @('Infrabackup.Admin.Types.ps1xml')
    CmdletsToExport      = @()
    VariablesToExport    = @()
    AliasesToExport      = @('Get-AzsBackupLocation', 'Set-AzsBackupShare')
    FunctionsToExport    = @(
        'Add-AzsBackupPin',
        'Clear-AzsBackupConfiguration',
        'Close-AzsAlert',
        'Connect-Infrabackup',
        'Disconnect-Infrabackup',
        'Get-AzsAlert',
        'Get-AzsBackup',
        'Get-AzsBackupCapacity',
        'Get-AzsBackupConfiguration',
        'Get-AzsBackupMaintenance',
        'Get-AzsBackupOperation',
        'Get-AzsRPHealth',
        'Get-AzsRegionHealth',
        'Get-AzsRegistrationHealth',
        'Invoke-AzsPruneBackupLocationExternalStore',
        'New-AzsEncryptionKeyBase64',
        'Remove-AzsBackupPin',
        'Repair-AzsAlert',
        'Restart-AzsBackup',
        'Restore-AzsBackup',
        'Set-AzsBackupConfiguration',
        'Start-AzsBackup',
        'Start-AzsBackupMaintenance',
        'Stop-AzsBackup',
        'Stop-AzsBackupMaintenance',
        'Test-AzsBackup',
        'Test-AzsBackupConnection',
        'Update-AzsBackupConfiguration'
    )
}
