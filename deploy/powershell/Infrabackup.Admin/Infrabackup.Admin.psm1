# SPDX-License-Identifier: Apache-2.0
# Infrabackup.Admin: the cmdlets that operators know, for infrabackup. Public/ has one file a cmdlet, Private/ what
# they share, Infrabackup.Admin.Wire.json what goes over the wire.
Set-StrictMode -Version 1.0
Add-Type -AssemblyName System.Net.Http

# A second import finds it there.
if (-not ('Infrabackup.Admin.ServiceException' -as [type])) {
    Add-Type -Path (Join-Path -Path $PSScriptRoot -ChildPath 'ServiceException.cs')
}

$script:InfrabackupRoot = $PSScriptRoot
# What Connect-Infrabackup made last.
$script:InfrabackupConnection = $null
$script:InfrabackupWire = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText((Join-Path -Path $PSScriptRoot -ChildPath 'Infrabackup.Admin.Wire.json')))

foreach ($folder in @('Private', 'Public')) {
    foreach ($file in (Get-ChildItem -LiteralPath (Join-Path -Path $PSScriptRoot -ChildPath $folder) -Filter '*.ps1')) {
        . $file.FullName
    }
}

# Names of older modules.
Set-Alias -Name 'Set-AzsBackupShare' -Value 'Set-AzsBackupConfiguration'
Set-Alias -Name 'Get-AzsBackupLocation' -Value 'Get-AzsBackupConfiguration'

Register-InfrabackupCompleters
