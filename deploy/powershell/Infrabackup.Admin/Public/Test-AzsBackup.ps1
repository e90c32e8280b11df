# SPDX-License-Identifier: Apache-2.0
function Test-AzsBackup {
    <#
    .SYNOPSIS
    Verifies backups on the share: their files, their content, their signature.
    .DESCRIPTION
    Damage that is found is an error; what is damaged is in AdditionalInfo of its exception.
    .PARAMETER Name
    The backup's id, or LOCATION/ID as the property Name has it.
    .PARAMETER InputObject
    An object of this module, its id, or its name.
    .PARAMETER ResourceId
    The id that begins with /subscriptions/.
    .PARAMETER All
    Every backup.
    .PARAMETER Depth
    Hashes reads every file that is needed; Content also decrypts it; Files, the default, also puts every file
    together as a recovery does.
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
    Test-AzsBackup -Name $id

    Verifies one backup as deep as a recovery would.
    .EXAMPLE
    Test-AzsBackup -All -Depth Hashes -AsJob

    Reads everything in the background.
    .OUTPUTS
    Infrabackup.Admin.Verification
    #>
    [CmdletBinding(DefaultParameterSetName = 'Name', SupportsShouldProcess = $true, ConfirmImpact = 'Low')]
    [OutputType('Infrabackup.Admin.Verification')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ParameterSetName = 'Name')]
        [string] $Name,
        [Parameter(Mandatory = $true, ValueFromPipeline = $true, ParameterSetName = 'InputObject')]
        [psobject] $InputObject,
        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true, ParameterSetName = 'ResourceId')]
        [Alias('Id')]
        [string] $ResourceId,
        [Parameter(Mandatory = $true, ParameterSetName = 'All')]
        [switch] $All,
        [ValidateSet('Hashes', 'Content', 'Files')]
        [string] $Depth,
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
            if (-not $PSCmdlet.ShouldProcess((Get-InfrabackupTargetText -Target $target), 'Verify')) {
                return
            }
            if ($AsJob) {
                return Start-InfrabackupJob -CommandName 'Test-AzsBackup' -Parameters $PSBoundParameters -Connection $target['connection']
            }
            $operation = 'Backups_Verify'
            if ($All) {
                $operation = 'BackupLocations_Verify'
            }
            Invoke-InfrabackupOperation -Operation $operation -Target $target -Parameters $PSBoundParameters -NoWait:$NoWait
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
