// Package twon drives 2N intercoms and access units through the HTTP API of each device: without it their codes would have to be kept by
// hand on the pages of each.
//
// There is no cloud: an account is a login that some devices on the network share, and each is spoken to at its own address. What the
// vendor documents, and what this driver makes of it:
//
//   - A code is a user of the device's directory. Its uuid follows from our id of the code, so that writing it twice gives one user, and
//     it is the Ref. Its name begins with our tag, its owner is "lockctl".
//   - What the device has answered works at once, and what it lists it has read from itself.
//   - The window is a pair of Unix seconds written as text, "0" for none. The device keeps it by its own clock, which every look reads.
//   - Failures have status 200 and a code of their own; those of single users stand within a success.
//   - The device takes the same digits for two users, and then nobody knows for whom the door opens. So the whole directory is read
//     before each write, and digits that another user has, as a PIN or as the code of a switch, are refused here.
//   - Fields differ by model: the template is read first, and what it lacks is never written. A model without PINs (the "uni") gets the
//     code of its first switch, and one without windows gets its codes just in time.
//   - Users whose owner is My2N or ACOM are kept by other services, which write over them: they are never touched.
//   - Logins are Digest with MD5, with and without qop, or Basic where the device asks for that. A challenge is answered once.
//   - The log lives in the device's memory. A look reads what came after its cursor; what happened before the device knew the time again
//     after a restart is not told.
//
// Not documented: how long a name may be (here 63 bytes); what a full directory answers (here: failure 14, if the directory does not have the user then); whether lists
// come in pages (an iterator that is told is followed); which digits newer firmware refuses by itself (a refused value is told as one).
package twon
