# SPDX-License-Identifier: Apache-2.0
# The session that Connect-Infrabackup keeps, and which resource a call of a cmdlet means.

function Get-InfrabackupConnection {
    param($DefaultProfile)
    $connection = $DefaultProfile
    if ($null -eq $connection) {
        $connection = $script:InfrabackupConnection
    }
    if ($null -eq $connection) {
        throw (New-InfrabackupErrorRecord -Code 'NotConnected' -Category 'ConnectionError' `
                -Message 'There is no connection to a service: run Connect-Infrabackup first.')
    }
    if (-not (Test-InfrabackupType -Object $connection -Name 'Connection')) {
        throw (New-InfrabackupErrorRecord -Code 'InvalidProfile' `
                -Message '-DefaultProfile takes what Connect-Infrabackup returned.')
    }
    return $connection
}

# The text that names what came down the pipeline: an id, a name or LOCATION/NAME.
function Get-InfrabackupReference {
    param($InputObject)
    if ($InputObject -is [string]) {
        return $InputObject
    }
    foreach ($member in @('Id', 'ResourceId', 'Name', 'BackupId', 'OperationId', 'AlertId')) {
        $value = Get-InfrabackupMember -Object $InputObject -Path $member
        if ($value) {
            return [string] $value
        }
    }
    throw (New-InfrabackupErrorRecord -Code 'InvalidInputObject' -TargetObject $InputObject `
            -Message 'The input object has neither an Id nor a Name.')
}

# Fills $Target from an id (/subscriptions/...), from LOCATION/NAME, LOCATION/SERVICE/NAME or from NAME.
function Set-InfrabackupReference {
    param([hashtable] $Target, [string] $Reference)
    $parts = @($Reference.Trim('/').Split('/'))
    $count = $parts.Count
    if ($parts[0] -eq 'subscriptions' -and $count -ge 8) {
        $Target['subscription'] = $parts[1]
        $Target['group'] = $parts[3]
        $Target['location'] = $parts[7]
        if ($count -ge 10) {
            $Target['name'] = $parts[$count - 1]
        }
        if ($count -ge 12) {
            $Target['service'] = $parts[9]
        }
        return
    }
    $Target['name'] = $parts[$count - 1]
    if ($count -ge 2) {
        $Target['location'] = $parts[0]
    }
    if ($count -ge 3) {
        $Target['service'] = $parts[1]
    }
}

# What the placeholders of a path stand for, with the connection. Parameters that were given win over
# the id of an object, and that over the connection's defaults.
function Resolve-InfrabackupTarget {
    param([System.Collections.IDictionary] $Parameters)
    $connection = Get-InfrabackupConnection -DefaultProfile $Parameters['DefaultProfile']
    $target = @{
        connection   = $connection
        subscription = $connection.SubscriptionId
        location     = $connection.Location
        group        = $connection.ResourceGroupName
        service      = $null
        name         = $null
    }
    if ($null -ne $Parameters['InputObject']) {
        Set-InfrabackupReference -Target $target -Reference (Get-InfrabackupReference -InputObject $Parameters['InputObject'])
    }
    foreach ($parameter in @('ResourceId', 'Name')) {
        if ($Parameters[$parameter]) {
            Set-InfrabackupReference -Target $target -Reference $Parameters[$parameter]
        }
    }
    if ($Parameters['SubscriptionId']) {
        $target['subscription'] = $Parameters['SubscriptionId']
    }
    if ($Parameters['Location']) {
        $target['location'] = $Parameters['Location']
    }
    if ($Parameters['ServiceRegistrationId']) {
        $target['service'] = @($Parameters['ServiceRegistrationId'].Split('/'))[-1]
    }
    if ($Parameters['ResourceGroupName']) {
        $target['group'] = $Parameters['ResourceGroupName']
    }
    if (-not $target['group']) {
        $target['group'] = 'system.' + $target['location']
    }
    return $target
}

# How -WhatIf and -Confirm name it.
function Get-InfrabackupTargetText {
    param([hashtable] $Target)
    if ($Target['name']) {
        return $Target['location'] + '/' + $Target['name']
    }
    return [string] $Target['location']
}

# --- what Connect-Infrabackup needs ---

function Assert-InfrabackupEndpoint {
    param([uri] $Endpoint)
    if (-not $Endpoint.IsAbsoluteUri -or ($Endpoint.Scheme -ne 'https' -and $Endpoint.Scheme -ne 'http')) {
        throw (New-InfrabackupErrorRecord -Code 'InvalidEndpoint' -TargetObject $Endpoint `
                -Message ('The endpoint ' + $Endpoint + ' is no address such as https://backup.example.com.'))
    }
    if ($Endpoint.Scheme -eq 'http' -and -not $Endpoint.IsLoopback) {
        throw (New-InfrabackupErrorRecord -Code 'UnencryptedEndpoint' -Category 'SecurityError' -TargetObject $Endpoint `
                -Message ('The endpoint ' + $Endpoint + ' would get the token unencrypted; use https.'))
    }
}

function Read-InfrabackupToken {
    param([string] $Path)
    $text = [System.Text.Encoding]::UTF8.GetString((Read-InfrabackupFile -Path $Path))
    $token = @($text.Trim().Split("`n"))[0].Trim()
    if (-not $token) {
        throw (New-InfrabackupErrorRecord -Code 'EmptyToken' -Category 'InvalidData' -TargetObject $Path `
                -Message ('The file ' + $Path + ' holds no token.'))
    }
    return ConvertTo-SecureString -String $token -AsPlainText -Force
}

# Fills in the subscription and the location by what the service says of itself.
function Complete-InfrabackupConnection {
    param($Connection)
    $target = @{ connection = $Connection; subscription = $Connection.SubscriptionId }
    if (-not $Connection.SubscriptionId) {
        $known = @(Invoke-InfrabackupOperation -Operation 'Subscriptions_List' -Target $target -Parameters @{})
        $own = @($known | Where-Object { $_.DisplayName -eq 'Default Provider Subscription' }) + $known
        if ($own.Count -eq 0) {
            throw (New-InfrabackupErrorRecord -Code 'NoSubscription' -Category 'ObjectNotFound' `
                    -Message 'The service names no subscription; give -SubscriptionId.')
        }
        $Connection.SubscriptionId = $own[0].SubscriptionId
        $target['subscription'] = $Connection.SubscriptionId
    }
    if (-not $Connection.Location) {
        $known = @(Invoke-InfrabackupOperation -Operation 'Subscriptions_ListLocations' -Target $target -Parameters @{})
        if ($known.Count -eq 0) {
            throw (New-InfrabackupErrorRecord -Code 'NoLocation' -Category 'ObjectNotFound' `
                    -Message 'The service names no location; give -Location.')
        }
        $Connection.Location = $known[0].Name
    }
}
