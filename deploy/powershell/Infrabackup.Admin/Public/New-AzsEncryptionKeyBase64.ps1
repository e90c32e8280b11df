# SPDX-License-Identifier: Apache-2.0
function New-AzsEncryptionKeyBase64 {
    <#
    .SYNOPSIS
    Makes a random key for Set-AzsBackupConfiguration -EncryptionKeyBase64.
    .DESCRIPTION
    64 random letters in base64; nothing is sent. Keep it: without it no backup of it opens. A certificate is better,
    since the service then holds nothing that opens a backup.
    .PARAMETER AsSecureString
    Return it as a SecureString.
    .EXAMPLE
    $key = New-AzsEncryptionKeyBase64

    Makes a key.
    .EXAMPLE
    Set-AzsBackupConfiguration -EncryptionKeyBase64 (New-AzsEncryptionKeyBase64 | Tee-Object -FilePath ./key | ConvertTo-SecureString -AsPlainText -Force)

    Makes one, keeps it in a file and sets it.
    .OUTPUTS
    System.String
    #>
    [CmdletBinding()]
    [OutputType('System.String')]
    param(
        [switch] $AsSecureString
    )
    process {
        $letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
        $random = [System.Security.Cryptography.RandomNumberGenerator]::Create()
        $buffer = [byte[]]::new(1)
        $text = [System.Text.StringBuilder]::new(64)
        while ($text.Length -lt 64) {
            $random.GetBytes($buffer)
            # 208 is 4 times 52: the bytes above would make some letters likelier than others.
            if ($buffer[0] -lt 208) {
                [void] $text.Append($letters[$buffer[0] % 52])
            }
        }
        $random.Dispose()
        $key = [System.Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes($text.ToString()))
        if ($AsSecureString) {
            return ConvertTo-SecureString -String $key -AsPlainText -Force
        }
        return $key
    }
}
