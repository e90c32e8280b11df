# SPDX-License-Identifier: Apache-2.0
function Stop-AzsBackup {
    <#
    .SYNOPSIS
    Cancels a backup, or another operation, that waits or runs.
    .PARAMETER Name
    The backup's id, or LOCATION/ID as the property Name has it.
    .PARAMETER InputObject
    An object of this module, its id, or its name.
    .PARAMETER ResourceId
    The id that begins with /subscriptions/.
    .PARAMETER OperationId
    The id of an operation of any kind, as Get-AzsBackupOperation shows it.
    .PARAMETER Reason
    Why, for those who read the operation's error later.
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
    Stop-AzsBackup -Name $id -Reason 'the share is moved'

    Asks, then cancels a backup and shows its operation when it has ended.
    .EXAMPLE
    Get-AzsBackupOperation -Kind verify | Where-Object { $_.State -eq 'Running' } | Stop-AzsBackup -Force

    Cancels the verifications that run.
    .OUTPUTS
    Infrabackup.Admin.BackupOperation
    #>
    [CmdletBinding(DefaultParameterSetName = 'Name', SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    [OutputType('Infrabackup.Admin.BackupOperation')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ParameterSetName = 'Name')]
        [string] $Name,
        [Parameter(Mandatory = $true, ValueFromPipeline = $true, ParameterSetName = 'InputObject')]
        [psobject] $InputObject,
        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true, ParameterSetName = 'ResourceId')]
        [Alias('Id')]
        [string] $ResourceId,
        [Parameter(Mandatory = $true, ParameterSetName = 'Operation')]
        [string] $OperationId,
        [string] $Reason,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
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
            if ($PSCmdlet.ParameterSetName -eq 'Operation') {
                $target['name'] = $OperationId
            }
            if (-not $PSCmdlet.ShouldProcess((Get-InfrabackupTargetText -Target $target), 'Cancel')) {
                return
            }
            if ($AsJob) {
                return Start-InfrabackupJob -CommandName 'Stop-AzsBackup' -Parameters $PSBoundParameters -Connection $target['connection']
            }
            $operation = 'Backups_Cancel'
            if ($PSCmdlet.ParameterSetName -eq 'Operation' -or (Test-InfrabackupType -Object $InputObject -Name 'BackupOperation')) {
                $operation = 'Jobs_Cancel'
            }
            Invoke-InfrabackupOperation -Operation $operation -Target $target -Parameters $PSBoundParameters -NoWait:$NoWait
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
