# SPDX-License-Identifier: Apache-2.0
function Restore-AzsBackup {
    <#
    .SYNOPSIS
    Recovers the infrastructure services from a backup.
    .DESCRIPTION
    The service verifies the backup before it overwrites anything. This overwrites what the services hold now.
    .PARAMETER Name
    The backup's id, or LOCATION/ID as the property Name has it.
    .PARAMETER InputObject
    An object of this module, its id, or its name.
    .PARAMETER ResourceId
    The id that begins with /subscriptions/.
    .PARAMETER RoleName
    One role alone; without it, all.
    .PARAMETER DecryptionCertPath
    The PFX with the private key; the file is read here, and used for this recovery only.
    .PARAMETER DecryptionCertPassword
    The PFX's password.
    .PARAMETER RestoreOption
    RoleName, DecryptionCertPath and DecryptionCertPassword as an object or a hashtable, in place of the parameters.
    .PARAMETER Location
    The region; without it, the connection's.
    .PARAMETER SubscriptionId
    The operator's subscription; without it, the connection's.
    .PARAMETER ResourceGroupName
    Without it the connection's, or system.LOCATION.
    .PARAMETER DefaultProfile
    What Connect-Infrabackup returned; without it, the session's connection.
    .PARAMETER AsJob
    Carry it out in the background; returns the job.
    .PARAMETER NoWait
    Return as soon as the service has accepted it, with the address where its end can be seen.
    .PARAMETER Force
    Do not ask.
    .PARAMETER PassThru
    Return $true in the end.
    .EXAMPLE
    $password = Read-Host -AsSecureString 'Password of the PFX'
    Restore-AzsBackup -Name '2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11' -DecryptionCertPath ./backup.pfx -DecryptionCertPassword $password

    Asks, then recovers every role.
    .EXAMPLE
    Get-AzsBackup -Name $id | Restore-AzsBackup -RoleName 'ECE' -DecryptionCertPath ./backup.pfx -DecryptionCertPassword $password -Force

    Recovers one role without asking.
    .OUTPUTS
    System.Boolean
    #>
    [CmdletBinding(DefaultParameterSetName = 'Name', SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    [OutputType('System.Boolean')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ParameterSetName = 'Name')]
        [string] $Name,
        [Parameter(Mandatory = $true, ValueFromPipeline = $true, ParameterSetName = 'InputObject')]
        [psobject] $InputObject,
        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true, ParameterSetName = 'ResourceId')]
        [Alias('Id')]
        [string] $ResourceId,
        [string] $RoleName,
        [string] $DecryptionCertPath,
        [securestring] $DecryptionCertPassword,
        [psobject] $RestoreOption,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [Alias('BackupLocation')]
        [string] $Location,
        [string] $SubscriptionId,
        [string] $ResourceGroupName,
        [Alias('Connection')]
        $DefaultProfile,
        [switch] $AsJob,
        [switch] $NoWait,
        [switch] $Force,
        [switch] $PassThru
    )
    process {
        try {
            if ($Force -and -not $PSBoundParameters.ContainsKey('Confirm')) {
                $ConfirmPreference = 'None'
            }
            $options = $PSBoundParameters
            if ($null -ne $RestoreOption) {
                $options = Get-InfrabackupSettings -Object $RestoreOption
            }
            $target = Resolve-InfrabackupTarget -Parameters $PSBoundParameters
            if (-not $PSCmdlet.ShouldProcess((Get-InfrabackupTargetText -Target $target), 'Overwrite the running infrastructure services with this backup')) {
                return
            }
            if ($AsJob) {
                return Start-InfrabackupJob -CommandName 'Restore-AzsBackup' -Parameters $PSBoundParameters -Connection $target['connection']
            }
            Invoke-InfrabackupOperation -Operation 'Backups_Restore' -Target $target -Parameters $options -NoWait:$NoWait
            if ($PassThru -and -not $NoWait) {
                $true
            }
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
