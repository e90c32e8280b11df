# SPDX-License-Identifier: Apache-2.0
# Runs the Pester tests beside this file: pwsh Run.ps1 MANIFEST-OF-PESTER. Ends with the number of those that failed.
param([string] $Pester)
Import-Module -Name $Pester
$configuration = New-PesterConfiguration
$configuration.Run.Path = $PSScriptRoot
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Detailed'
$result = Invoke-Pester -Configuration $configuration
if ($result.PassedCount -eq 0) {
    exit 1
}
exit $result.FailedCount
