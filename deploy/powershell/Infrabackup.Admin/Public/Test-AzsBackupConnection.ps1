# SPDX-License-Identifier: Apache-2.0
function Test-AzsBackupConnection {
    <#
    .SYNOPSIS
    Tests whether a share does what backups rely on.
    .DESCRIPTION
    A test that fails is an error; the checks are in AdditionalInfo of its exception.
    .PARAMETER Path
    A share that is not saved yet; without it, the backup location's.
    .PARAMETER UserName
    The user to try it with.
    .PARAMETER Password
    The user's password.
    .PARAMETER Last
    Show the last test of the saved share, and test nothing.
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
    .EXAMPLE
    (Test-AzsBackupConnection).Checks | Format-Table -Property result, title, found

    Tests the saved share and lists every check.
    .EXAMPLE
    Test-AzsBackupConnection -Path '\\files02.example.com\AzSBackups' -UserName 'EXAMPLE\backupsvc' -Password $password

    Tries a share before it is saved.
    .OUTPUTS
    Infrabackup.Admin.ShareTest
    #>
    [CmdletBinding(DefaultParameterSetName = 'Test', SupportsShouldProcess = $true, ConfirmImpact = 'Low')]
    [OutputType('Infrabackup.Admin.ShareTest')]
    param(
        [Parameter(ParameterSetName = 'Test')]
        [Alias('BackupShare')]
        [string] $Path,
        [Parameter(ParameterSetName = 'Test')]
        [string] $UserName,
        [Parameter(ParameterSetName = 'Test')]
        [securestring] $Password,
        [Parameter(Mandatory = $true, ParameterSetName = 'Last')]
        [switch] $Last,
        [Alias('BackupLocation')]
        [string] $Location,
        [string] $SubscriptionId,
        [string] $ResourceGroupName,
        [Alias('Connection')]
        $DefaultProfile,
        [Parameter(ParameterSetName = 'Test')]
        [switch] $AsJob,
        [Parameter(ParameterSetName = 'Test')]
        [switch] $NoWait
    )
    process {
        try {
            $target = Resolve-InfrabackupTarget -Parameters $PSBoundParameters
            if ($Last) {
                return Invoke-InfrabackupOperation -Operation 'BackupLocations_GetConnection' -Target $target -Parameters $PSBoundParameters
            }
            if (-not $PSCmdlet.ShouldProcess((Get-InfrabackupTargetText -Target $target), 'Test the share')) {
                return
            }
            if ($AsJob) {
                return Start-InfrabackupJob -CommandName 'Test-AzsBackupConnection' -Parameters $PSBoundParameters -Connection $target['connection']
            }
            Invoke-InfrabackupOperation -Operation 'BackupLocations_TestConnection' -Target $target -Parameters $PSBoundParameters -NoWait:$NoWait
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
