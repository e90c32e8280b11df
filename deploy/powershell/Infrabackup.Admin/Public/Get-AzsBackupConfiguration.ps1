# SPDX-License-Identifier: Apache-2.0
function Get-AzsBackupConfiguration {
    <#
    .SYNOPSIS
    Shows where backups go, when they are made and how long they are kept.
    .DESCRIPTION
    Secrets are never shown: the thumbprint tells which certificate encrypts.
    .PARAMETER Top
    At most so many.
    .PARAMETER Skip
    Leave out so many first.
    .PARAMETER Location
    The region; without it, the connection's.
    .PARAMETER InputObject
    An object of this module, its id, or its name.
    .PARAMETER ResourceId
    The id that begins with /subscriptions/.
    .PARAMETER SubscriptionId
    The operator's subscription; without it, the connection's.
    .PARAMETER ResourceGroupName
    Without it the connection's, or system.LOCATION.
    .PARAMETER DefaultProfile
    What Connect-Infrabackup returned; without it, the session's connection.
    .EXAMPLE
    Get-AzsBackupConfiguration

    Shows the backup location of the region.
    .EXAMPLE
    (Get-AzsBackupConfiguration -Location 'north').AvailableCapacity

    Shows how much room the share has left.
    .OUTPUTS
    Infrabackup.Admin.BackupLocation
    #>
    [CmdletBinding(DefaultParameterSetName = 'List')]
    [OutputType('Infrabackup.Admin.BackupLocation')]
    param(
        [Parameter(ParameterSetName = 'List')]
        [int] $Top,
        [Parameter(ParameterSetName = 'List')]
        [int] $Skip,
        [Parameter(Mandatory = $true, Position = 0, ParameterSetName = 'Get')]
        [Alias('BackupLocation')]
        [string] $Location,
        [Parameter(Mandatory = $true, ValueFromPipeline = $true, ParameterSetName = 'InputObject')]
        [psobject] $InputObject,
        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true, ParameterSetName = 'ResourceId')]
        [Alias('Id')]
        [string] $ResourceId,
        [string] $SubscriptionId,
        [string] $ResourceGroupName,
        [Alias('Connection')]
        $DefaultProfile
    )
    process {
        try {
            $target = Resolve-InfrabackupTarget -Parameters $PSBoundParameters
            if ($PSCmdlet.ParameterSetName -eq 'List') {
                return Invoke-InfrabackupOperation -Operation 'BackupLocations_List' -Target $target -Parameters $PSBoundParameters
            }
            Invoke-InfrabackupOperation -Operation 'BackupLocations_Get' -Target $target -Parameters $PSBoundParameters
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
