# SPDX-License-Identifier: Apache-2.0
# One request and its answer. Nothing here writes a body, a token or a header of a request anywhere but to the service.

# $CACertificate: a file of certificates (PEM or DER) that are trusted in place of the machine's.
function New-InfrabackupHttpClient {
    param([string] $CACertificate, [int] $TimeoutSec)
    if ($CACertificate) {
        if ($PSVersionTable.PSVersion -lt [version] '7.3') {
            throw (New-InfrabackupErrorRecord -Code 'NotSupported' -Category 'NotImplemented' `
                    -Message '-CACertificate needs PowerShell 7.3; have this machine trust the certificate instead.')
        }
        $policy = [System.Security.Cryptography.X509Certificates.X509ChainPolicy]::new()
        $policy.TrustMode = 'CustomRootTrust'
        $policy.RevocationMode = 'NoCheck'
        $bytes = [System.IO.File]::ReadAllBytes($CACertificate)
        if ([System.Text.Encoding]::ASCII.GetString($bytes).Contains('-----BEGIN CERTIFICATE-----')) {
            $policy.CustomTrustStore.ImportFromPemFile($CACertificate)
        } else {
            $policy.CustomTrustStore.Import($CACertificate)
        }
        $handler = [System.Net.Http.SocketsHttpHandler]::new()
        $handler.SslOptions.CertificateChainPolicy = $policy
    } else {
        $handler = [System.Net.Http.HttpClientHandler]::new()
    }
    # A redirect would carry the token to wherever it leads.
    $handler.AllowAutoRedirect = $false
    $handler.UseCookies = $false
    $client = [System.Net.Http.HttpClient]::new($handler)
    $client.Timeout = [timespan]::FromSeconds($TimeoutSec)
    return $client
}

function New-InfrabackupHttpMessage {
    param($Connection, $Request)
    $uri = [uri]::new($Connection.Endpoint, $Request.Target)
    $message = [System.Net.Http.HttpRequestMessage]::new([System.Net.Http.HttpMethod]::new($Request.Method), $uri)
    $token = [System.Net.NetworkCredential]::new('', $Connection.Token).Password
    $message.Headers.Authorization = [System.Net.Http.Headers.AuthenticationHeaderValue]::new('Bearer', $token)
    [void] $message.Headers.TryAddWithoutValidation('User-Agent', 'Infrabackup.Admin')
    [void] $message.Headers.TryAddWithoutValidation('Accept', 'application/json')
    [void] $message.Headers.TryAddWithoutValidation('x-ms-client-request-id', [string] [guid]::NewGuid())
    if ($null -ne $Request.Body) {
        $message.Content = [System.Net.Http.StringContent]::new($Request.Body, [System.Text.Encoding]::UTF8, 'application/json')
    }
    return $message
}

# Names of headers are found without case.
function ConvertTo-InfrabackupHeaders {
    param($Response)
    $headers = @{}
    foreach ($header in $Response.Headers) {
        $headers[$header.Key] = @($header.Value)[0]
    }
    return $headers
}

function Invoke-InfrabackupHttp {
    param($Connection, $Request)
    $message = New-InfrabackupHttpMessage -Connection $Connection -Request $Request
    try {
        $task = $Connection.Client.SendAsync($message)
        # In steps, so that Ctrl+C is heard.
        while ([System.Threading.Tasks.Task]::WaitAny([System.Threading.Tasks.Task[]] @($task), 200) -lt 0) {
        }
        $response = $task.GetAwaiter().GetResult()
    } catch {
        throw (New-InfrabackupErrorRecord -Code 'ConnectionFailed' -Category 'ConnectionError' `
                -TargetObject $Connection.Endpoint `
                -Message ('The service at ' + $Connection.Endpoint + ' cannot be reached: ' + $_.Exception.GetBaseException().Message))
    } finally {
        $message.Dispose()
    }
    $headers = ConvertTo-InfrabackupHeaders -Response $response
    $text = ''
    if ($null -ne $response.Content) {
        $text = $response.Content.ReadAsStringAsync().GetAwaiter().GetResult()
    }
    $answer = [pscustomobject] @{
        StatusCode = [int] $response.StatusCode
        Headers    = $headers
        Json       = $null
        RequestId  = $headers['x-ms-request-id']
        Path       = $Request.Target
    }
    $response.Dispose()
    if ($text) {
        try {
            $answer.Json = ConvertFrom-Json -InputObject $text
        } catch {
            throw (New-InfrabackupErrorRecord -Code 'InvalidAnswer' -Category 'InvalidResult' -TargetObject $Request.Target `
                    -Message ('What answers at ' + $Connection.Endpoint + ' is not the service: status ' + $answer.StatusCode + ', no JSON.'))
        }
    }
    Write-Verbose ($Request.Method + ' ' + $Request.Target + ': ' + $answer.StatusCode + ', x-ms-request-id ' + $answer.RequestId)
    return $answer
}

# Seconds of Retry-After, which the service gives as a whole number; $Default without it.
function Get-InfrabackupRetryAfter {
    param($Answer, [int] $Default)
    $seconds = 0
    if ([int]::TryParse([string] $Answer.Headers['Retry-After'], [ref] $seconds) -and $seconds -ge 0) {
        return $seconds
    }
    return $Default
}

# The answer of success, or an error. What the service put off (429, 503 with Retry-After) is asked again, five times
# in all: it has not been begun then.
function Send-InfrabackupRequest {
    param($Connection, $Request)
    $attempt = 1
    while ($true) {
        $answer = Invoke-InfrabackupHttp -Connection $Connection -Request $Request
        if ($answer.StatusCode -ge 200 -and $answer.StatusCode -lt 300) {
            return $answer
        }
        $delay = Get-InfrabackupRetryAfter -Answer $answer -Default -1
        $isPutOff = ($answer.StatusCode -eq 429 -or $answer.StatusCode -eq 503) -and $delay -ge 0
        if (-not $isPutOff -or $attempt -ge 5) {
            throw (New-InfrabackupServiceError -Answer $answer)
        }
        $attempt++
        Start-Sleep -Seconds $delay
    }
}
