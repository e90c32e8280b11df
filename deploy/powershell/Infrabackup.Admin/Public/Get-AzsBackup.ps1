# SPDX-License-Identifier: Apache-2.0
function Get-AzsBackup {
    <#
    .SYNOPSIS
    Lists backups, or shows one.
    .PARAMETER Name
    The backup's id, or LOCATION/ID as the property Name has it.
    .PARAMETER InputObject
    An object of this module, its id, or its name.
    .PARAMETER ResourceId
    The id that begins with /subscriptions/.
    .PARAMETER Top
    At most so many.
    .PARAMETER Skip
    Leave out so many first.
    .PARAMETER Location
    The region; without it, the connection's.
    .PARAMETER SubscriptionId
    The operator's subscription; without it, the connection's.
    .PARAMETER ResourceGroupName
    Without it the connection's, or system.LOCATION.
    .PARAMETER DefaultProfile
    What Connect-Infrabackup returned; without it, the session's connection.
    .EXAMPLE
    Get-AzsBackup | Sort-Object -Property CreatedDateTime

    Lists all backups, the oldest first.
    .EXAMPLE
    Get-AzsBackup -Name 'north/2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11'

    Shows one.
    .EXAMPLE
    Get-AzsBackup | Where-Object { $_.Verification.state -eq 'Damaged' }

    Lists those that cannot be recovered as they were.
    .OUTPUTS
    Infrabackup.Admin.Backup
    #>
    [CmdletBinding(DefaultParameterSetName = 'List')]
    [OutputType('Infrabackup.Admin.Backup')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ParameterSetName = 'Get')]
        [string] $Name,
        [Parameter(Mandatory = $true, ValueFromPipeline = $true, ParameterSetName = 'InputObject')]
        [psobject] $InputObject,
        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true, ParameterSetName = 'ResourceId')]
        [Alias('Id')]
        [string] $ResourceId,
        [Parameter(ParameterSetName = 'List')]
        [int] $Top,
        [Parameter(ParameterSetName = 'List')]
        [int] $Skip,
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
            if ($PSCmdlet.ParameterSetName -eq 'List') {
                return Invoke-InfrabackupOperation -Operation 'Backups_List' -Target $target -Parameters $PSBoundParameters
            }
            Invoke-InfrabackupOperation -Operation 'Backups_Get' -Target $target -Parameters $PSBoundParameters
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
