# SPDX-License-Identifier: Apache-2.0
function Close-AzsAlert {
    <#
    .SYNOPSIS
    Closes alerts.
    .PARAMETER Name
    The alert's id, or LOCATION/ID as the property Name has it.
    .PARAMETER InputObject
    An object of this module, its id, or its name.
    .PARAMETER ResourceId
    The id that begins with /subscriptions/.
    .PARAMETER Alert
    An alert to send along, as older scripts do; its id names it when nothing else does.
    .PARAMETER User
    Who closes it, for the address; the service writes down who is logged on.
    .PARAMETER AlertId
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER AlertProperty
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER ClosedByUserAlias
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER ClosedTimestamp
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER CreatedTimestamp
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER Description
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER FaultId
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER FaultTypeId
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER HasValidRemediationAction
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER ImpactedResourceDisplayName
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER ImpactedResourceId
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER LastUpdatedTimestamp
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER Remediation
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER ResourceProviderRegistrationId
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER ResourceRegistrationId
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER Severity
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER State
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER Tag
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER Title
    Sent along; the service only closes the alert, whatever it is.
    .PARAMETER Location
    The region; without it, the connection's.
    .PARAMETER SubscriptionId
    The operator's subscription; without it, the connection's.
    .PARAMETER ResourceGroupName
    Without it the connection's, or system.LOCATION.
    .PARAMETER DefaultProfile
    What Connect-Infrabackup returned; without it, the session's connection.
    .PARAMETER Force
    Do not ask.
    .EXAMPLE
    Close-AzsAlert -Name '90b1c0de-7c2d-4f6a-9d61-3f4d0a3f0003'

    Closes one.
    .EXAMPLE
    Get-AzsAlert | Where-Object { $_.Severity -eq 'Warning' -and $_.State -eq 'Active' } | Close-AzsAlert

    Closes all open warnings. What still is wrong is raised again.
    .OUTPUTS
    Infrabackup.Admin.Alert
    #>
    [CmdletBinding(DefaultParameterSetName = 'Name', SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    [OutputType('Infrabackup.Admin.Alert')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ParameterSetName = 'Name')]
        [Parameter(ParameterSetName = 'Alert')]
        [string] $Name,
        [Parameter(Mandatory = $true, ValueFromPipeline = $true, ParameterSetName = 'InputObject')]
        [psobject] $InputObject,
        [Parameter(Mandatory = $true, ValueFromPipelineByPropertyName = $true, ParameterSetName = 'ResourceId')]
        [Alias('Id')]
        [string] $ResourceId,
        [Parameter(Mandatory = $true, ParameterSetName = 'Alert')]
        [psobject] $Alert,
        [string] $User,
        [string] $AlertId,
        [hashtable] $AlertProperty,
        [string] $ClosedByUserAlias,
        [string] $ClosedTimestamp,
        [string] $CreatedTimestamp,
        [object[]] $Description,
        [string] $FaultId,
        [string] $FaultTypeId,
        [switch] $HasValidRemediationAction,
        [string] $ImpactedResourceDisplayName,
        [string] $ImpactedResourceId,
        [string] $LastUpdatedTimestamp,
        [object[]] $Remediation,
        [string] $ResourceProviderRegistrationId,
        [string] $ResourceRegistrationId,
        [string] $Severity,
        [string] $State,
        [hashtable] $Tag,
        [string] $Title,
        [Parameter(ValueFromPipelineByPropertyName = $true)]
        [Alias('Region')]
        [string] $Location,
        [string] $SubscriptionId,
        [string] $ResourceGroupName,
        [Alias('Connection')]
        $DefaultProfile,
        [switch] $Force
    )
    process {
        try {
            if ($Force -and -not $PSBoundParameters.ContainsKey('Confirm')) {
                $ConfirmPreference = 'None'
            }
            $options = $PSBoundParameters
            if ($null -ne $Alert) {
                $options = Get-InfrabackupAlertSettings -Alert $Alert -User $User
            }
            $named = @{}
            foreach ($parameter in $PSBoundParameters.Keys) {
                $named[$parameter] = $PSBoundParameters[$parameter]
            }
            if ($null -ne $Alert) {
                $named['InputObject'] = $Alert
            }
            $target = Resolve-InfrabackupTarget -Parameters $named
            if (-not $PSCmdlet.ShouldProcess((Get-InfrabackupTargetText -Target $target), 'Close this alert')) {
                return
            }
            Invoke-InfrabackupOperation -Operation 'Alerts_Close' -Target $target -Parameters $options
        } catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
