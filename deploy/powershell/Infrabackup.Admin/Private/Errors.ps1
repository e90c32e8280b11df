# SPDX-License-Identifier: Apache-2.0
# What went wrong, as typed error records: the exception has what the service said.

# $Code becomes the FullyQualifiedErrorId, $Category one of ErrorCategory.
function New-InfrabackupErrorRecord {
    param(
        [string] $Code,
        [string] $Message,
        [string] $Category = 'InvalidArgument',
        $TargetObject = $null
    )
    $exception = [Infrabackup.Admin.ServiceException]::new($Message)
    $exception.Code = $Code
    return [System.Management.Automation.ErrorRecord]::new($exception, $Code, $Category, $TargetObject)
}

function Get-InfrabackupErrorCategory {
    param([int] $StatusCode)
    switch ($StatusCode) {
        400 { return 'InvalidArgument' }
        401 { return 'AuthenticationError' }
        403 { return 'PermissionDenied' }
        404 { return 'ObjectNotFound' }
        409 { return 'ResourceBusy' }
        413 { return 'LimitsExceeded' }
        429 { return 'LimitsExceeded' }
        500 { return 'OperationStopped' }
        503 { return 'ResourceUnavailable' }
    }
    return 'InvalidOperation'
}

# The error of an answer that is none of success: ARM's envelope, or the bare status without one.
function New-InfrabackupServiceError {
    param($Answer)
    $code = Get-InfrabackupMember -Object $Answer.Json -Path 'error.code'
    $text = Get-InfrabackupMember -Object $Answer.Json -Path 'error.message'
    if (-not $code) {
        $code = 'Http' + $Answer.StatusCode
    }
    if (-not $text) {
        $text = 'The service answered with the status ' + $Answer.StatusCode + ' and no explanation.'
    }
    $message = $code + ': ' + $text + ' (status ' + $Answer.StatusCode + ', x-ms-request-id ' + $Answer.RequestId + ')'
    $category = Get-InfrabackupErrorCategory -StatusCode $Answer.StatusCode
    $record = New-InfrabackupErrorRecord -Code $code -Message $message -Category $category -TargetObject $Answer.Path
    $record.Exception.StatusCode = $Answer.StatusCode
    $record.Exception.Target = Get-InfrabackupMember -Object $Answer.Json -Path 'error.target'
    $record.Exception.RequestId = $Answer.RequestId
    $record.Exception.AdditionalInfo = Get-InfrabackupMember -Object $Answer.Json -Path 'error.additionalInfo'
    return $record
}
