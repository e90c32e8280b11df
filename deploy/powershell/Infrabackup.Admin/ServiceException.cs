// SPDX-License-Identifier: Apache-2.0
// What an error of the cmdlets carries, a type of .NET so that scripts can catch it by name. C# 5: Windows PowerShell
// compiles it too.
namespace Infrabackup.Admin
{
    public class ServiceException : System.Exception
    {
        public ServiceException(string message) : base(message)
        {
        }

        // As the service names it, or one of the module's own; never null.
        public string Code { get; set; }

        // 0 when the service has not answered.
        public int StatusCode { get; set; }

        // The member or parameter at fault.
        public string Target { get; set; }

        // x-ms-request-id: what to look for in the service's log.
        public string RequestId { get; set; }

        // More that was found, such as the checks of a share that failed.
        public object AdditionalInfo { get; set; }
    }
}
