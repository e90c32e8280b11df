# SPDX-License-Identifier: Apache-2.0
# Requests as Infrabackup.Admin.Wire.json describes them.

function Get-InfrabackupDefinition {
    param([string] $Operation)
    return $script:InfrabackupWire.operations.PSObject.Properties[$Operation].Value
}

function Resolve-InfrabackupFile {
    param([string] $Path)
    return $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
}

function Read-InfrabackupFile {
    param([string] $Path)
    $file = Resolve-InfrabackupFile -Path $Path
    try {
        # The comma keeps the bytes one object.
        return , [System.IO.File]::ReadAllBytes($file)
    } catch {
        throw (New-InfrabackupErrorRecord -Code 'FileUnreadable' -Category 'ReadError' -TargetObject $file `
                -Message ('The file ' + $file + ' cannot be read: ' + $_.Exception.GetBaseException().Message))
    }
}

# A certificate in base64, whether its file is DER or PEM. One with a private key beside it is not sent.
function Read-InfrabackupCertificate {
    param([string] $Path)
    $bytes = Read-InfrabackupFile -Path $Path
    $text = [System.Text.Encoding]::ASCII.GetString($bytes)
    $kind = 'Unknown'
    try {
        $file = Resolve-InfrabackupFile -Path $Path
        $kind = [System.Security.Cryptography.X509Certificates.X509Certificate2]::GetCertContentType($file)
    } catch {
        Write-Debug 'This is no certificate; the service will say so.'
    }
    if ($kind -eq 'Pfx' -or $text.Contains('PRIVATE KEY-----')) {
        throw (New-InfrabackupErrorRecord -Code 'PrivateKeyFound' -Category 'SecurityError' -TargetObject $Path `
                -Message ('The file ' + $Path + ' holds a private key; give one that holds the certificate alone.'))
    }
    $begin = '-----BEGIN CERTIFICATE-----'
    $start = $text.IndexOf($begin, [System.StringComparison]::Ordinal)
    if ($start -lt 0) {
        return [System.Convert]::ToBase64String($bytes)
    }
    $start = $start + $begin.Length
    $end = $text.IndexOf('-----END CERTIFICATE-----', $start, [System.StringComparison]::Ordinal)
    if ($end -lt 0) {
        throw (New-InfrabackupErrorRecord -Code 'InvalidCertificate' -Category 'InvalidData' -TargetObject $Path `
                -Message ('The file ' + $Path + ' has the beginning of a certificate and no end.'))
    }
    return ($text.Substring($start, $end - $start) -replace '\s', '')
}

# A parameter's value as JSON has it. $Kind: '', 'file' or 'certificate'.
function ConvertTo-InfrabackupValue {
    param($Value, [string] $Kind)
    if ($Kind -eq 'certificate') {
        return Read-InfrabackupCertificate -Path $Value
    }
    if ($Kind -eq 'file') {
        return [System.Convert]::ToBase64String((Read-InfrabackupFile -Path $Value))
    }
    if ($Value -is [securestring]) {
        return [System.Net.NetworkCredential]::new('', $Value).Password
    }
    if ($Value -is [System.Management.Automation.SwitchParameter]) {
        return $Value.IsPresent
    }
    if ($Value -is [datetime]) {
        return $Value.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture)
    }
    if ($Value -is [string]) {
        # Without what PowerShell may have hung onto it.
        return $Value.ToString()
    }
    return , $Value
}

function New-InfrabackupPath {
    param([string] $Template, [hashtable] $Target)
    $path = $Template
    foreach ($name in @('subscription', 'group', 'location', 'service', 'name')) {
        $placeholder = '{' + $name + '}'
        if (-not $path.Contains($placeholder)) {
            continue
        }
        if (-not $Target[$name]) {
            throw (New-InfrabackupErrorRecord -Code 'MissingName' -Message ('The ' + $name + ' is not known; name it.'))
        }
        $path = $path.Replace($placeholder, [uri]::EscapeDataString([string] $Target[$name]))
    }
    return $path
}

function New-InfrabackupQuery {
    param($Definition, [string] $Version, [System.Collections.IDictionary] $Parameters)
    $query = 'api-version=' + $Version
    if ($null -ne $Definition.query) {
        foreach ($property in $Definition.query.PSObject.Properties) {
            if ($Parameters.ContainsKey($property.Value)) {
                $query = $query + '&' + $property.Name + '=' + [uri]::EscapeDataString([string] $Parameters[$property.Value])
            }
        }
    }
    return $query
}

# JSON text; $null for an operation without a body.
function New-InfrabackupBody {
    param($Definition, [hashtable] $Target, [System.Collections.IDictionary] $Parameters)
    if ($null -eq $Definition.body -and $null -eq $Definition.fixed) {
        return $null
    }
    $body = [ordered] @{}
    $given = 0
    if ($null -ne $Definition.fixed) {
        foreach ($property in $Definition.fixed.PSObject.Properties) {
            $value = $property.Value.Replace('{location}', [string] $Target['location'])
            Set-InfrabackupMember -Object $body -Path $property.Name -Value $value
        }
    }
    if ($null -ne $Definition.body) {
        foreach ($property in $Definition.body.PSObject.Properties) {
            $source = @($property.Value.Split(':'))
            if (-not $Parameters.ContainsKey($source[0]) -or $null -eq $Parameters[$source[0]]) {
                continue
            }
            $kind = ''
            if ($source.Count -gt 1) {
                $kind = $source[1]
            }
            $value = ConvertTo-InfrabackupValue -Value $Parameters[$source[0]] -Kind $kind
            Set-InfrabackupMember -Object $body -Path $property.Name -Value $value
            $given++
        }
    }
    if ($Definition.needsOne -and $given -eq 0) {
        throw (New-InfrabackupErrorRecord -Code 'NothingToSet' -Message 'There is nothing to set: give at least one setting.')
    }
    return ConvertTo-Json -InputObject $body -Depth 20 -Compress
}

# What Send-InfrabackupRequest takes. $Parameters: those of the cmdlet, as they were given.
function New-InfrabackupRequest {
    param($Definition, [hashtable] $Target, [System.Collections.IDictionary] $Parameters)
    $base = $script:InfrabackupWire.bases.PSObject.Properties[$Definition.base].Value
    $version = $base.version
    if ($Definition.version) {
        $version = $Definition.version
    }
    $path = New-InfrabackupPath -Template ($base.path + $Definition.path) -Target $Target
    $query = New-InfrabackupQuery -Definition $Definition -Version $version -Parameters $Parameters
    return [pscustomobject] @{
        Method = $Definition.method
        Target = $path + '?' + $query
        Body   = New-InfrabackupBody -Definition $Definition -Target $Target -Parameters $Parameters
    }
}
