# SPDX-License-Identifier: Apache-2.0
function Clear-AzsBackupConfiguration {
    <#
    .SYNOPSIS
    Empties the backup configuration, by api-version 2021-09-01.
    .DESCRIPTION
    No backup is made until the location is configured again. What is on the share stays there.
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
    .EXAMPLE
    Clear-AzsBackupConfiguration

    Asks, then has the service forget the share, its credentials, the certificate and the schedule.
    .EXAMPLE
    Clear-AzsBackupConfiguration -WhatIf

    Says what it would do.
    .OUTPUTS
    Infrabackup.Admin.BackupLocation
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    [OutputType('Infrabackup.Admin.BackupLocation')]
    param(
        [Alias('BackupLocation')]
        [string] $Location,
        [string] $SubscriptionId,
        [string] $ResourceGroupName,
        [Alias('Connection')]
        $DefaultProfile,
        [switch] $AsJob,
        [switch] $NoWait,
        [switch] $Force
    )
    process {
        try {
            if ($Force -and -not $PSBoundParameters.ContainsKey('Confirm')) {
                $ConfirmPreference = 'None'
            }
            $target = Resolve-InfrabackupTarget -Parameters $PSBoundParameters
            if (-not $PSCmdlet.ShouldProcess((Get-InfrabackupTargetText -Target $target), 'Forget the share, its credentials and the certificate')) {
                return
            }
            if ($AsJob) {
                return Start-InfrabackupJob -CommandName 'Clear-AzsBackupConfiguration' -Parameters $PSBoundParameters -Connection $target['connection']
            }
            Invoke-InfrabackupOperation -Operation 'BackupLocations_Clear' -Target $target -Parameters $PSBoundParameters -NoWait:$NoWait
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
