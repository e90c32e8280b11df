# SPDX-License-Identifier: Apache-2.0
function Connect-Infrabackup {
    <#
    .SYNOPSIS
    Names the service that the cmdlets of this session talk to.
    .DESCRIPTION
    Keeps the endpoint and the token for the session. Without -SubscriptionId or -Location the service is asked for
    its own; with both nothing is sent before the first cmdlet.
    .PARAMETER Endpoint
    The service's address, https://HOST[:PORT]. http is taken for this machine alone: it does not hide the token.
    .PARAMETER Token
    An API token of the service, or a bearer token that it trusts.
    .PARAMETER TokenFile
    A file whose first line is the token.
    .PARAMETER CACertificate
    A file of certificates (PEM or DER) that the service's certificate must lead to, in place of those that this
    machine trusts. Needs PowerShell 7.3.
    .PARAMETER SubscriptionId
    Default of the cmdlets' -SubscriptionId.
    .PARAMETER Location
    Default of the cmdlets' -Location.
    .PARAMETER ResourceGroupName
    Default of the cmdlets' -ResourceGroupName; without it, system.LOCATION.
    .PARAMETER TimeoutSec
    Seconds after which an unanswered request fails.
    .PARAMETER MaximumPollSeconds
    Look for the end of an operation at least so often; without it as the service says, which is up to 60 seconds.
    .EXAMPLE
    Connect-Infrabackup -Endpoint 'https://backup.example.com' -Token (Read-Host -AsSecureString 'Token')

    Asks for the token and connects.
    .EXAMPLE
    Connect-Infrabackup -Endpoint 'https://backup.example.com:8443' -TokenFile ./token -CACertificate ./ca.pem -MaximumPollSeconds 5

    Trusts a certificate authority of one's own.
    .OUTPUTS
    Infrabackup.Admin.Connection
    #>
    [CmdletBinding(DefaultParameterSetName = 'Token')]
    [OutputType('Infrabackup.Admin.Connection')]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [uri] $Endpoint,
        [Parameter(Mandatory = $true, ParameterSetName = 'Token')]
        [securestring] $Token,
        [Parameter(Mandatory = $true, ParameterSetName = 'TokenFile')]
        [string] $TokenFile,
        [string] $CACertificate,
        [string] $SubscriptionId,
        [string] $Location,
        [string] $ResourceGroupName,
        [ValidateRange(1, 3600)]
        [int] $TimeoutSec = 100,
        [ValidateRange(0, 3600)]
        [int] $MaximumPollSeconds = 0
    )
    process {
        try {
            Assert-InfrabackupEndpoint -Endpoint $Endpoint
            $secret = $Token
            if ($TokenFile) {
                $secret = Read-InfrabackupToken -Path $TokenFile
            }
            $authority = ''
            if ($CACertificate) {
                $authority = Resolve-InfrabackupFile -Path $CACertificate
            }
            $connection = [pscustomobject] @{
                PSTypeName         = 'Infrabackup.Admin.Connection'
                Endpoint           = [uri] ($Endpoint.GetLeftPart([System.UriPartial]::Authority) + '/')
                SubscriptionId     = $SubscriptionId
                Location           = $Location
                ResourceGroupName  = $ResourceGroupName
                MaximumPollSeconds = $MaximumPollSeconds
                Token              = $secret
                Client             = New-InfrabackupHttpClient -CACertificate $authority -TimeoutSec $TimeoutSec
            }
            Complete-InfrabackupConnection -Connection $connection
            $script:InfrabackupConnection = $connection
            $connection
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
