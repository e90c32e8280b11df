# SPDX-License-Identifier: Apache-2.0
function Invoke-AzsPruneBackupLocationExternalStore {
    <#
    .SYNOPSIS
    Deletes from the share what no backup needs any more.
    .DESCRIPTION
    Returns the paths below the share, one text each; nothing when there is nothing to delete.
    .PARAMETER OperationType
    DryRun only tells what would be deleted.
    .PARAMETER PlanId
    The id of a plan that was held back and is meant all the same; Get-AzsBackupOperation shows it as
    RetentionPlan.confirm.
    .PARAMETER Option
    OperationType and PlanId as an object or a hashtable, in place of the parameters.
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
    .PARAMETER Force
    Do not ask.
    .PARAMETER PassThru
    Return $true in the end.
    .EXAMPLE
    Invoke-AzsPruneBackupLocationExternalStore -OperationType DryRun

    Lists what would be deleted.
    .EXAMPLE
    Invoke-AzsPruneBackupLocationExternalStore -Force

    Deletes it without asking, and lists it.
    .OUTPUTS
    System.String
    #>
    [CmdletBinding(DefaultParameterSetName = 'Location', SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    [OutputType('System.String')]
    param(
        [ValidateSet('Default', 'DryRun')]
        [string] $OperationType,
        [string] $PlanId,
        [psobject] $Option,
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
            if ($null -ne $Option) {
                $options = Get-InfrabackupSettings -Object $Option
            }
            $target = Resolve-InfrabackupTarget -Parameters $PSBoundParameters
            $isDry = $options['OperationType'] -eq 'DryRun'
            if (-not $isDry -and -not $PSCmdlet.ShouldProcess((Get-InfrabackupTargetText -Target $target), 'Delete what no backup needs any more')) {
                return
            }
            if ($AsJob) {
                return Start-InfrabackupJob -CommandName 'Invoke-AzsPruneBackupLocationExternalStore' -Parameters $PSBoundParameters -Connection $target['connection']
            }
            Invoke-InfrabackupOperation -Operation 'BackupLocations_PruneExternalStore' -Target $target -Parameters $options -NoWait:$NoWait
            if ($PassThru -and -not $NoWait) {
                $true
            }
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
