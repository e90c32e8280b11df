# SPDX-License-Identifier: Apache-2.0
function Get-AzsBackupOperation {
    <#
    .SYNOPSIS
    Lists operations of every kind with their progress, or shows one.
    .DESCRIPTION
    The newest first.
    .PARAMETER Name
    The operation's id, such as the OperationId that -NoWait returned.
    .PARAMETER InputObject
    An object of this module, its id, or its name.
    .PARAMETER ResourceId
    The id that begins with /subscriptions/.
    .PARAMETER Kind
    Those of one kind, for example backup, prune, verify, locationUpdate, connectionTest or restore.
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
    Get-AzsBackupOperation -Kind backup -Top 5

    Lists the five newest backup jobs.
    .EXAMPLE
    $accepted = Start-AzsBackup -NoWait
    Get-AzsBackupOperation -Name $accepted.OperationId

    Shows how far a backup is.
    .OUTPUTS
    Infrabackup.Admin.BackupOperation
    #>
    [CmdletBinding(DefaultParameterSetName = 'List')]
    [OutputType('Infrabackup.Admin.BackupOperation')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ParameterSetName = 'Get')]
        [string] $Name,
        [Parameter(Mandatory = $true, ValueFromPipeline = $true, ParameterSetName = 'InputObject')]
        [psobject] $InputObject,
        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true, ParameterSetName = 'ResourceId')]
        [Alias('Id')]
        [string] $ResourceId,
        [Parameter(ParameterSetName = 'List')]
        [string] $Kind,
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
            if ($PSCmdlet.ParameterSetName -ne 'List') {
                return Invoke-InfrabackupOperation -Operation 'Jobs_Get' -Target $target -Parameters $PSBoundParameters
            }
            $options = @{}
            foreach ($parameter in @('Top', 'Skip')) {
                if ($PSBoundParameters.ContainsKey($parameter)) {
                    $options[$parameter] = $PSBoundParameters[$parameter]
                }
            }
            if ($Kind) {
                $options['Filter'] = "kind eq '" + $Kind.Replace("'", "''") + "'"
            }
            Invoke-InfrabackupOperation -Operation 'Jobs_List' -Target $target -Parameters $options
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
