// Package smartthings drives locks with a keypad that hang on a SmartThings hub: without it their codes would have to be kept by hand in
// the vendor's app.
//
// There are two ways in which SmartThings manages codes, and a lock may move from the first to the second while it is in use:
//
//   - lockCodes: the writer chooses a slot, and the list is a text in which each slot has its name.
//   - lockUsers and lockCredentials: the lock's handler chooses an index. Matter locks have nothing else; Zigbee and Z-Wave locks once
//     lockCodes.migrated is true, from when on commands of the first kind are accepted and do nothing.
//
// Each look at a lock finds out which of them holds. What the vendor documents, and what this driver makes of it:
//
//   - A command is answered with ACCEPTED before the hub knows of it. So every write is pending until the list shows it. Where a code is
//     written over another, or over itself with other digits, the list looks the same before and after: then the Ref holds when the last
//     news had come, and the write is pending until a codeChanged of that slot, or a commandResult, is newer. One that has failed, or of
//     which nothing is heard for two minutes, is not listed, so that the engine writes it again.
//   - Digits can never be read, and a code that stands on the lock already is accepted and then fails with "<slot> failed", on some
//     locks with another slot's number. So such a code is never listed, instead of being refused at once.
//   - The list is the hub's copy of what the lock has acknowledged, not read back when it is asked for.
//   - Names begin with our tag. A credential has a name where its capability says so; elsewhere its user is made first and has it, so
//     that such a write takes two tries.
//   - The new generation takes one command at a time, for up to ten seconds, and answers others with busy, which nobody would see: so a
//     second command within that time is not sent, and fails as throttled.
//   - A command to a device that is offline may be accepted and lost. So the health is asked for first, and that of the hub where the lock
//     is offline: its id stands in the device (types of the vendor's SDK).
//   - An access token lasts a day, a refresh token thirty, and is spent by its use; the next one is kept before it is used.
//   - Schedules exist for Matter locks only. By the table that lockctl follows SmartThings' locks hold a code from write to erase, and so
//     they are driven here.
//
// Not documented by the vendor, with what is assumed: status 409 is taken for a device that is offline (nothing happened); a result other
// than ACCEPTED or COMPLETED leaves open what happened; the order of the arguments of lockCredentials is that of its definition, which is
// asked for; codeLength, where it is told, is the only length; changing it would erase all codes of some locks, and is never done. A lock of
// which the cloud tells no health counts as reached. Webhooks: the scheme of their signatures (draft-cavage, with a certificate from
// key.smartthings.com) is that of the vendor's SDK; the digest must be among what was signed. The key of a post, and the confirmation that
// an app is asked for, are fetched by the next call to the vendor and not while the post is answered, which costs the first post.
package smartthings
