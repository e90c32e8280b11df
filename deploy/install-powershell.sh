#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs PowerShell and Pester into a folder, for the tests of deploy/powershell: sh deploy/install-powershell.sh FOLDER
# Both are packages of NuGet and need the .NET SDK. Where one cannot be had, says so in one line and ends with 1.
set -eu
mkdir -p "$1"
folder=$(cd "$1" && pwd)

# dotnet leaves folders behind.
export TMPDIR="$folder/temporary"
mkdir -p "$TMPDIR"
trap 'rm -rf "$TMPDIR"' EXIT

missing() {
    echo "install-powershell: $1"
    exit 1
}

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
command -v dotnet >/dev/null 2>&1 || missing "there is no .NET SDK"
if ! [ -x "$folder/pwsh" ]; then
    dotnet tool install --tool-path "$folder" PowerShell >"$folder/install.log" 2>&1 ||
        missing "the package PowerShell cannot be had from NuGet"
fi
if ! [ -d "$folder/packages/pester" ]; then
    cat >"$folder/pester.csproj" <<'END'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>netstandard2.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageDownload Include="Pester" Version="[5.7.1]" /></ItemGroup>
</Project>
END
    dotnet restore "$folder/pester.csproj" --packages "$folder/packages" >>"$folder/install.log" 2>&1 ||
        missing "the package Pester 5.7.1 cannot be had from NuGet"
fi
