# SPDX-License-Identifier: Apache-2.0
# Operations from their request to what goes down the pipeline, those included that take long.

# UTC; $null for none, which alerts write as the year 1.
function ConvertTo-InfrabackupTime {
    param($Value)
    if ($Value -is [datetime]) {
        $time = $Value.ToUniversalTime()
    } elseif ([string]::IsNullOrEmpty([string] $Value)) {
        return $null
    } else {
        $styles = [System.Globalization.DateTimeStyles] 'AdjustToUniversal, AssumeUniversal'
        $time = [datetime]::Parse([string] $Value, [cultureinfo]::InvariantCulture, $styles)
    }
    if ($time.Year -eq 1) {
        return $null
    }
    return $time
}

# '' when what is answered is no known resource.
function Get-InfrabackupOutputName {
    param($Definition, $Json)
    $type = Get-InfrabackupMember -Object $Json -Path 'type'
    if ($type) {
        $known = $script:InfrabackupWire.types.PSObject.Properties[[string] $type]
        if ($null -ne $known) {
            return $known.Value
        }
    }
    return [string] $Definition.output
}

# One resource with its members flattened, or the items of the member that the operation emits.
function ConvertTo-InfrabackupOutput {
    param($Definition, $Json)
    if ($null -eq $Json) {
        return
    }
    if ($Definition.emit) {
        foreach ($item in (Get-InfrabackupMember -Object $Json -Path $Definition.emit)) {
            $item
        }
        return
    }
    $name = Get-InfrabackupOutputName -Definition $Definition -Json $Json
    if (-not $name) {
        return $Json
    }
    $members = [ordered] @{}
    foreach ($property in $script:InfrabackupWire.outputs.PSObject.Properties[$name].Value.PSObject.Properties) {
        $source = @($property.Value.Split('|'))
        $value = Get-InfrabackupMember -Object $Json -Path $source[0]
        if ($source.Count -gt 1) {
            $value = ConvertTo-InfrabackupTime -Value $value
        }
        $members[$property.Name] = $value
    }
    $output = [pscustomobject] $members
    $output.PSObject.TypeNames.Insert(0, 'Infrabackup.Admin.' + $name)
    return $output
}

# Path and query of an absolute address. Whatever host it names, the request goes to the connection's endpoint: the
# token is for that one alone.
function Get-InfrabackupAddress {
    param([string] $Address)
    if (-not $Address) {
        return ''
    }
    return ([uri] $Address).PathAndQuery
}

function Read-InfrabackupAddress {
    param($Connection, [string] $Target)
    return Send-InfrabackupRequest -Connection $Connection -Request ([pscustomobject] @{ Method = 'GET'; Target = $Target; Body = $null })
}

# What the body of a poll says: Running, Succeeded, Failed, Canceled, or '' when it is the result itself.
function Get-InfrabackupPollState {
    param($Definition, $Json)
    if ($Definition.until) {
        $state = Get-InfrabackupMember -Object $Json -Path $Definition.until
        if ($state -eq 'Queued' -or $state -eq 'Running') {
            return 'Running'
        }
        return ''
    }
    $state = Get-InfrabackupMember -Object $Json -Path 'properties.provisioningState'
    if (-not $state) {
        $state = Get-InfrabackupMember -Object $Json -Path 'status'
    }
    if (-not $state) {
        return ''
    }
    if ($state -eq 'Succeeded' -or $state -eq 'Failed' -or $state -eq 'Canceled') {
        return [string] $state
    }
    return 'Running'
}

function Wait-InfrabackupDelay {
    param($Connection, $Answer)
    $seconds = Get-InfrabackupRetryAfter -Answer $Answer -Default 30
    if ($Connection.MaximumPollSeconds -gt 0 -and $seconds -gt $Connection.MaximumPollSeconds) {
        $seconds = $Connection.MaximumPollSeconds
    }
    Start-Sleep -Seconds $seconds
}

# The answer that holds the result of what a 202 began. Azure-AsyncOperation is polled if there is one, else Location;
# after a success told by the former the result is read from the latter.
function Wait-InfrabackupOperation {
    param($Connection, $Definition, $Answer)
    $location = Get-InfrabackupAddress -Address $Answer.Headers['Location']
    $polled = Get-InfrabackupAddress -Address $Answer.Headers['Azure-AsyncOperation']
    if (-not $polled) {
        $polled = $location
    }
    if (-not $polled) {
        throw (New-InfrabackupErrorRecord -Code 'InvalidAnswer' -Category 'InvalidResult' `
                -Message 'The service accepted the request and does not say where its end can be seen.')
    }
    while ($true) {
        Wait-InfrabackupDelay -Connection $Connection -Answer $Answer
        $Answer = Read-InfrabackupAddress -Connection $Connection -Target $polled
        if ($Answer.StatusCode -eq 202 -or $Answer.StatusCode -eq 201) {
            continue
        }
        $state = Get-InfrabackupPollState -Definition $Definition -Json $Answer.Json
        if ($state -eq 'Running') {
            continue
        }
        if ($state -eq 'Failed' -or $state -eq 'Canceled') {
            throw (New-InfrabackupServiceError -Answer $Answer)
        }
        if ($state -eq 'Succeeded' -and $location -and $location -ne $polled) {
            return Read-InfrabackupAddress -Connection $Connection -Target $location
        }
        return $Answer
    }
}

# What -NoWait returns: where the end can be seen.
function New-InfrabackupAsyncResponse {
    param($Answer)
    $target = $Answer.Headers['Azure-AsyncOperation']
    if (-not $target) {
        $target = $Answer.Headers['Location']
    }
    $path = @(([uri] $target).AbsolutePath.Split('/'))
    return [pscustomobject] @{
        PSTypeName  = 'Infrabackup.Admin.AsyncOperationResponse'
        Target      = $target
        OperationId = $path[$path.Count - 1]
        RetryAfter  = Get-InfrabackupRetryAfter -Answer $Answer -Default 30
        RequestId   = $Answer.RequestId
    }
}

# Every page of a list, following nextLink; the first one alone when it is all that was asked for.
function Read-InfrabackupPages {
    param($Connection, $Definition, $Answer, [switch] $First)
    while ($true) {
        foreach ($item in (Get-InfrabackupMember -Object $Answer.Json -Path 'value')) {
            ConvertTo-InfrabackupOutput -Definition $Definition -Json $item
        }
        $next = Get-InfrabackupAddress -Address (Get-InfrabackupMember -Object $Answer.Json -Path 'nextLink')
        if ($First -or -not $next) {
            return
        }
        $Answer = Read-InfrabackupAddress -Connection $Connection -Target $next
    }
}

# Carries out one operation of Infrabackup.Admin.Wire.json. $Parameters: those of the cmdlet, as they were given.
function Invoke-InfrabackupOperation {
    param(
        [string] $Operation,
        [hashtable] $Target,
        [System.Collections.IDictionary] $Parameters,
        [switch] $NoWait
    )
    $connection = $Target['connection']
    $definition = Get-InfrabackupDefinition -Operation $Operation
    $request = New-InfrabackupRequest -Definition $definition -Target $Target -Parameters $Parameters
    $answer = Send-InfrabackupRequest -Connection $connection -Request $request
    if ($answer.StatusCode -eq 202) {
        if ($NoWait) {
            return New-InfrabackupAsyncResponse -Answer $answer
        }
        $answer = Wait-InfrabackupOperation -Connection $connection -Definition $definition -Answer $answer
    }
    if ($definition.list) {
        return Read-InfrabackupPages -Connection $connection -Definition $definition -Answer $answer `
            -First:($Parameters.ContainsKey('Top'))
    }
    return ConvertTo-InfrabackupOutput -Definition $definition -Json $answer.Json
}

# -AsJob: the same command in a thread job of this process, which keeps the connection and every SecureString.
function Start-InfrabackupJob {
    param([string] $CommandName, [System.Collections.IDictionary] $Parameters, $Connection)
    if (-not (Get-Command -Name 'Start-ThreadJob' -ErrorAction SilentlyContinue)) {
        throw (New-InfrabackupErrorRecord -Code 'NotSupported' -Category 'NotInstalled' `
                -Message '-AsJob needs Start-ThreadJob, which PowerShell 7 has and the module ThreadJob brings to older ones.')
    }
    $copy = @{}
    foreach ($name in @($Parameters.Keys)) {
        $copy[$name] = $Parameters[$name]
        # The thread may have another current folder.
        if ($name -like '*CertPath') {
            $copy[$name] = Resolve-InfrabackupFile -Path $Parameters[$name]
        }
    }
    $copy.Remove('AsJob')
    $copy['DefaultProfile'] = $Connection
    # It has been asked already.
    $copy['Confirm'] = $false
    $manifest = Join-Path -Path $script:InfrabackupRoot -ChildPath 'Infrabackup.Admin.psd1'
    $block = {
        param($Manifest, $CommandName, $Parameters)
        $ErrorActionPreference = 'Stop'
        Import-Module -Name $Manifest
        & $CommandName @Parameters
    }
    return Start-ThreadJob -Name $CommandName -ScriptBlock $block -ArgumentList $manifest, $CommandName, $copy
}
