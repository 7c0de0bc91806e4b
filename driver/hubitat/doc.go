// Package hubitat drives locks with a keypad that hang on a Hubitat hub, through its Maker API: without it their codes would have to be kept
// by hand in the hub's Lock Code Manager.
//
// What the vendor documents, in the manual of the Maker API and in the source of its virtual lock, and what this driver makes of it:
//
//   - A command is answered with the device as it stood before the lock has acted. So every write is pending until the list shows it.
//   - The list (lockCodes) is the hub's own copy of what locks have told it, with digits. Where the hub encrypts it, nothing can be read:
//     then the lock is one that lists nothing, and its traits say so.
//   - What the vendor's own driver refuses, it refuses without a word: a name or digits that another slot has, digits longer than codeLength, a
//     slot that there is not. So the list is read before each write, and such a write fails here.
//   - codeLength, where a lock tells it, is the longest for the vendor's driver and the only length for some locks: codes of just that length
//     suit both. It is never changed, because some locks erase all codes then.
//   - Older hubs lose zeros that digits begin with. Codes have no zeros, unless a setting allows them.
//   - Names begin with our tag, and are unique with it. A comma or a slash would end an argument, so that anything like it becomes "_".
//   - There are no schedules: codes are written just in time.
//   - The token stands in the address of each request, so that no address may stand in an error or a log line.
//   - Who opened is told by posts alone. The list of events may lack it, and is not read: entries are not reported.
//
// Not documented, with what is assumed: most locks have no healthStatus, and then one that is out of reach is known only by a write that never
// shows. Status 404 for a device is taken for one that the Maker API does not expose, for the list of devices for an app that there is not.
// Any other status leaves open what happened to a command. Who does not answer at all is the hub; one that answers 503 is starting. Posts
// are not signed: the secret path proves them, and a post leads to a look and nothing else.
package hubitat
