# SPDX-License-Identifier: Apache-2.0
function Start-AzsBackup {
    <#
    .SYNOPSIS
    Makes a backup now.
    .PARAMETER InputObject
    A backup location, or its id.
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
    Start-AzsBackup

    Makes a backup and shows it when it is done.
    .EXAMPLE
    $job = Start-AzsBackup -AsJob
    $job | Wait-Job
    $job.Output.BackupId

    Makes one in the background.
    .OUTPUTS
    Infrabackup.Admin.Backup
    #>
    [CmdletBinding(DefaultParameterSetName = 'Location', SupportsShouldProcess = $true, ConfirmImpact = 'Low')]
    [OutputType('Infrabackup.Admin.Backup')]
    param(
        [Parameter(Mandatory = $true, ValueFromPipeline = $true, ParameterSetName = 'InputObject')]
        [psobject] $InputObject,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [Alias('BackupLocation')]
        [string] $Location,
        [string] $SubscriptionId,
        [string] $ResourceGroupName,
        [Alias('Connection')]
        $DefaultProfile,
        [switch] $AsJob,
        [switch] $NoWait
    )
    process {
        try {
            $target = Resolve-InfrabackupTarget -Parameters $PSBoundParameters
            if (-not $PSCmdlet.ShouldProcess((Get-InfrabackupTargetText -Target $target), 'Make a backup')) {
                return
            }
            if ($AsJob) {
                return Start-InfrabackupJob -CommandName 'Start-AzsBackup' -Parameters $PSBoundParameters -Connection $target['connection']
            }
            Invoke-InfrabackupOperation -Operation 'BackupLocations_CreateBackup' -Target $target -Parameters $PSBoundParameters -NoWait:$NoWait
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
