# SPDX-License-Identifier: Apache-2.0
function Disconnect-Infrabackup {
    <#
    .SYNOPSIS
    Forgets the service and the token of this session.
    .EXAMPLE
    Disconnect-Infrabackup

    The cmdlets need Connect-Infrabackup again.
    #>
    [CmdletBinding()]
    param()
    process {
        if ($null -ne $script:InfrabackupConnection) {
            $script:InfrabackupConnection.Client.Dispose()
            $script:InfrabackupConnection = $null
        }
    }
}
