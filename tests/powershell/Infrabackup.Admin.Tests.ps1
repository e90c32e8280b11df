# SPDX-License-Identifier: Apache-2.0
# The module in a real PowerShell: every case of requests.json as the cmdlet sends it, then against a real service, which
# tests/integration/test_powershell.py starts. INFRABACKUP_NAMES is a JSON file of what stands in {braces}.

BeforeDiscovery {
    $table = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText((Join-Path -Path $PSScriptRoot -ChildPath 'requests.json')))
    $number = 0
    $cases = @()
    foreach ($case in $table.cases) {
        $number++
        $cases += @{ Title = [string] $number + ' ' + $case.cmdlet + ' ' + $case.operation; Case = $case }
    }
    $cmdlets = @($cases | Where-Object { $_.Case.cmdlet -ne 'Connect-Infrabackup' })
    $manifest = Join-Path -Path $PSScriptRoot -ChildPath '../../deploy/powershell/Infrabackup.Admin/Infrabackup.Admin.psd1'
    $exported = @((Import-PowerShellDataFile -Path $manifest).FunctionsToExport | ForEach-Object { @{ Name = $_ } })
}

BeforeAll {
    Import-Module (Join-Path -Path $PSScriptRoot -ChildPath '../../deploy/powershell/Infrabackup.Admin/Infrabackup.Admin.psd1') -Force
    $table = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText((Join-Path -Path $PSScriptRoot -ChildPath 'requests.json')))
    $settings = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($env:INFRABACKUP_NAMES))
    $names = @{}
    foreach ($property in $settings.PSObject.Properties) {
        $names[$property.Name] = $property.Value
    }

    # A text of the table with every {name} replaced.
    function Expand-Text {
        param([string] $Text)
        foreach ($name in @($names.Keys)) {
            $Text = $Text.Replace('{' + $name + '}', [string] $names[$name])
        }
        return $Text
    }

    # The parameters of a case as a table to splat.
    function Get-Parameters {
        param($Case)
        $parameters = @{ DefaultProfile = $connection }
        foreach ($property in $Case.parameters.PSObject.Properties) {
            $value = $property.Value
            if ($value -is [string]) {
                $value = Expand-Text -Text $value
            } elseif ($null -ne $value.secret) {
                $value = ConvertTo-SecureString -String (Expand-Text -Text $value.secret) -AsPlainText -Force
            } elseif ($null -ne $value.time) {
                $value = ([datetime] $value.time).ToUniversalTime()
            }
            $parameters[$property.Name] = $value
        }
        if ((Get-Command -Name $Case.cmdlet).Parameters.ContainsKey('Confirm')) {
            $parameters['Confirm'] = $false
        }
        return $parameters
    }

    function Get-ExpectedTarget {
        param($Case)
        $path = $Case.path
        foreach ($prefix in $table.prefixes.PSObject.Properties) {
            if ($path.StartsWith($prefix.Name + '/')) {
                $path = $prefix.Value + $path.Substring($prefix.Name.Length)
            }
        }
        $query = @()
        foreach ($property in $Case.query.PSObject.Properties) {
            $query += $property.Name + '=' + [uri]::EscapeDataString((Expand-Text -Text $property.Value))
        }
        return (Expand-Text -Text $path) + '?' + ($query -join '&')
    }

    # JSON with nothing but its content left to compare.
    function Get-Canonical {
        param([string] $Json)
        return ConvertTo-Json -InputObject (ConvertFrom-Json -InputObject $Json) -Depth 20 -Compress
    }

    $connection = Connect-Infrabackup -Endpoint $names['endpoint'] -TokenFile $names['tokenFile'] -MaximumPollSeconds 1
}

Describe 'Connect-Infrabackup' {
    It 'asks the service for its subscription and location' {
        $connection.SubscriptionId | Should -Be $names['subscription']
        $connection.Location | Should -Be $names['region']
    }

    It 'refuses to send a token unencrypted' {
        { Connect-Infrabackup -Endpoint 'http://backup.example.com' -TokenFile $names['tokenFile'] } |
            Should -Throw -ErrorId 'UnencryptedEndpoint,Connect-Infrabackup'
    }

    It 'does not show the token' {
        ($connection | Format-List -Property * | Out-String) | Should -Not -Match ([regex]::Escape($names['token']))
    }

    It 'says who is asked to authenticate' {
        $stranger = Connect-Infrabackup -Endpoint $names['endpoint'] -Location 'north' -SubscriptionId $names['subscription'] `
            -Token (ConvertTo-SecureString -String 'none such' -AsPlainText -Force)
        { Get-AzsBackup -DefaultProfile $stranger } | Should -Throw -ErrorId 'AuthenticationFailed,Get-AzsBackup'
    }
}

Describe 'Requests' {
    It '<Title>' -ForEach $cmdlets {
        $names['backupId'] = '2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d22'
        $names['alertId'] = '90b1c0de-7c2d-4f6a-9d61-3f4d0a3f0003'
        $names['service'] = 'c2c0a4b2-9f0f-4d0e-8e25-6a1d2f330005'
        $names['resource'] = 'c2c0a4b2-9f0f-4d0e-8e25-6a1d2f330006'
        $global:InfrabackupSent = $null
        Mock -CommandName 'Send-InfrabackupRequest' -ModuleName 'Infrabackup.Admin' -MockWith {
            $global:InfrabackupSent = $Request
            return [pscustomobject] @{ StatusCode = 200; Headers = @{}; Json = $null; RequestId = ''; Path = '' }
        }
        $parameters = Get-Parameters -Case $Case
        & $Case.cmdlet @parameters
        $global:InfrabackupSent.Method | Should -BeExactly $Case.method
        $global:InfrabackupSent.Target | Should -BeExactly (Get-ExpectedTarget -Case $Case)
        if ($null -eq $Case.body) {
            $global:InfrabackupSent.Body | Should -BeNullOrEmpty
        } else {
            $expected = Expand-Text -Text (ConvertTo-Json -InputObject $Case.body -Depth 20 -Compress)
            Get-Canonical -Json $global:InfrabackupSent.Body | Should -BeExactly (Get-Canonical -Json $expected)
        }
    }
}

Describe 'A service' {
    It '<Title>' -ForEach $cmdlets {
        $parameters = Get-Parameters -Case $Case
        foreach ($code in @($Case.code, $Case.fails)) {
            if ($null -ne $code) {
                { & $Case.cmdlet @parameters } | Should -Throw -ErrorId ($code + ',' + $Case.cmdlet)
                return
            }
        }
        $outputs = @(& $Case.cmdlet @parameters)
        if ($null -ne $Case.output) {
            $outputs[0].PSObject.TypeNames[0] | Should -BeExactly ('Infrabackup.Admin.' + $Case.output)
        }
        $found = $outputs
        if ($null -ne $Case.expect) {
            foreach ($property in $Case.expect.PSObject.Properties) {
                $value = $property.Value
                if ($value -is [string]) {
                    $value = Expand-Text -Text $value
                }
                if ($value -is [datetime]) {
                    $value = $value.ToUniversalTime()
                }
                $found = @($found | Where-Object { $_.PSObject.Properties[$property.Name].Value -eq $value })
            }
            $found.Count | Should -BeGreaterThan 0
        }
        if ($null -ne $Case.save) {
            foreach ($property in $Case.save.PSObject.Properties) {
                $names[$property.Name] = $found[0].PSObject.Properties[$property.Value].Value
            }
        }
    }
}

Describe 'Around the cmdlets' {
    It '-WhatIf sends nothing' {
        Mock -CommandName 'Send-InfrabackupRequest' -ModuleName 'Infrabackup.Admin' -MockWith { throw 'sent' }
        Clear-AzsBackupConfiguration -DefaultProfile $connection -WhatIf
        Restore-AzsBackup -Name 'x' -DefaultProfile $connection -WhatIf
        Set-AzsBackupConfiguration -Path 'x' -DefaultProfile $connection -WhatIf
        Should -Invoke -CommandName 'Send-InfrabackupRequest' -ModuleName 'Infrabackup.Admin' -Times 0 -Exactly
    }

    It '-NoWait says where the end can be seen' {
        $accepted = Test-AzsBackupConnection -DefaultProfile $connection -NoWait
        $accepted.Target | Should -Match '/operationResults/'
        (Get-AzsBackupOperation -Name $accepted.OperationId -DefaultProfile $connection).Kind | Should -Be 'connectionTest'
    }

    It '-AsJob makes a backup in the background' {
        $job = Start-AzsBackup -DefaultProfile $connection -AsJob
        $null = Wait-Job -Job $job
        $job.State | Should -Be 'Completed'
        $job.Output.Status | Should -Be 'Succeeded'
        Remove-Job -Job $job
    }

    It 'objects go down the pipeline' {
        $all = @(Get-AzsBackup -DefaultProfile $connection)
        $again = @($all | Get-AzsBackup -DefaultProfile $connection)
        $again.BackupId | Should -Be $all.BackupId
        @(Get-AzsRPHealth -DefaultProfile $connection | Get-AzsRegistrationHealth -DefaultProfile $connection).Count |
            Should -BeGreaterThan 0
    }

    It 'an object that was read can be set' {
        $configuration = Get-AzsBackupConfiguration -DefaultProfile $connection
        $configuration.BackupFrequencyInHours = 9
        ($configuration | Set-AzsBackupConfiguration -DefaultProfile $connection).BackupFrequencyInHours | Should -Be 9
    }

    It 'errors carry what the service said' {
        try {
            Get-AzsBackup -Name '2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d33' -DefaultProfile $connection
            throw 'no error'
        } catch [Infrabackup.Admin.ServiceException] {
            $_.Exception.Code | Should -Be 'ResourceNotFound'
            $_.Exception.StatusCode | Should -Be 404
            $_.Exception.RequestId | Should -Match '^[0-9a-f-]{36}$'
            $_.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        }
    }

    It 'no secret is in what -Verbose and -Debug say' {
        $secret = ConvertTo-SecureString -String 'very secret words' -AsPlainText -Force
        $said = Test-AzsBackupConnection -Path $names['share'] -UserName 'ann' -Password $secret -DefaultProfile $connection -Verbose -Debug *>&1
        ($said | Out-String) | Should -Not -Match 'very secret words'
        ($said | Out-String) | Should -Not -Match ([regex]::Escape($names['token']))
    }

    It 'makes keys of 64 letters' {
        $key = New-AzsEncryptionKeyBase64
        [System.Text.Encoding]::ASCII.GetString([System.Convert]::FromBase64String($key)) | Should -Match '^[A-Za-z]{64}$'
        New-AzsEncryptionKeyBase64 | Should -Not -Be $key
    }

    It 'says that there is no connection' {
        Disconnect-Infrabackup
        { Get-AzsBackup } | Should -Throw -ErrorId 'NotConnected,Get-AzsBackup'
    }

    It '<Name> has help' -ForEach $exported {
        $help = Get-Help -Name $Name -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        @($help.examples.example).Count | Should -BeGreaterThan 0
    }
}
