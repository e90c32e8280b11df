# SPDX-License-Identifier: Apache-2.0
function Add-AzsBackupPin {
    <#
    .SYNOPSIS
    Pins a backup: it is never deleted.
    .PARAMETER Name
    The backup's id, or LOCATION/ID as the property Name has it.
    .PARAMETER InputObject
    An object of this module, its id, or its name.
    .PARAMETER ResourceId
    The id that begins with /subscriptions/.
    .PARAMETER Until
    When the pin ends by itself; without it, never.
    .PARAMETER Location
    The region; without it, the connection's.
    .PARAMETER SubscriptionId
    The operator's subscription; without it, the connection's.
    .PARAMETER ResourceGroupName
    Without it the connection's, or system.LOCATION.
    .PARAMETER DefaultProfile
    What Connect-Infrabackup returned; without it, the session's connection.
    .EXAMPLE
    Add-AzsBackupPin -Name $id

    Keeps a backup for ever.
    .EXAMPLE
    Get-AzsBackup -Name $id | Add-AzsBackupPin -Until (Get-Date).AddDays(90)

    Keeps it for 90 days.
    .OUTPUTS
    Infrabackup.Admin.BackupPin
    #>
    [CmdletBinding(DefaultParameterSetName = 'Name', SupportsShouldProcess = $true, ConfirmImpact = 'Low')]
    [OutputType('Infrabackup.Admin.BackupPin')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ParameterSetName = 'Name')]
        [string] $Name,
        [Parameter(Mandatory = $true, ValueFromPipeline = $true, ParameterSetName = 'InputObject')]
        [psobject] $InputObject,
        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true, ParameterSetName = 'ResourceId')]
        [Alias('Id')]
        [string] $ResourceId,
        [datetime] $Until,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [Alias('BackupLocation')]
        [string] $Location,
        [string] $SubscriptionId,
        [string] $ResourceGroupName,
        [Alias('Connection')]
        $DefaultProfile
    )
    process {
        try {
            $target = Resolve-InfrabackupTarget -Parameters $PSBoundParameters
            if (-not $PSCmdlet.ShouldProcess((Get-InfrabackupTargetText -Target $target), 'Pin this backup')) {
                return
            }
            Invoke-InfrabackupOperation -Operation 'Backups_Pin' -Target $target -Parameters $PSBoundParameters
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
