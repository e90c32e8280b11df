# SPDX-License-Identifier: Apache-2.0
# Members of JSON objects by their path, such as properties.backupInfo.status.

# $null when any part is missing. An array comes back whole.
function Get-InfrabackupMember {
    param($Object, [string] $Path)
    $value = $Object
    foreach ($name in $Path.Split('.')) {
        if ($null -eq $value) {
            return $null
        }
        $property = $value.PSObject.Properties[$name]
        if ($null -eq $property) {
            return $null
        }
        $value = $property.Value
    }
    return , $value
}

# Makes the objects on the way.
function Set-InfrabackupMember {
    param([System.Collections.IDictionary] $Object, [string] $Path, $Value)
    $names = @($Path.Split('.'))
    $last = $names.Count - 1
    $at = $Object
    for ($i = 0; $i -lt $last; $i++) {
        if (-not $at.Contains($names[$i])) {
            $at[$names[$i]] = [ordered] @{}
        }
        $at = $at[$names[$i]]
    }
    $at[$names[$last]] = $Value
}

# Whether it is an object of this module with that name.
function Test-InfrabackupType {
    param($Object, [string] $Name)
    return $null -ne $Object -and $Object.PSObject.TypeNames -contains ('Infrabackup.Admin.' + $Name)
}
