package engine

import (
	"github.com/accesscodes/lockctl/lock"
)

// The keyspace. Every key that the engine writes is made here.
//
//	meta/schema               number of the record format
//	meta/secret               32 bytes: the source of everything random
//	meta/policy               the default Policy
//	meta/rethink              since when every device is to think again: not all have; there only meanwhile
//	meta/commit               number of the last commit: tells whether an unknown one was made
//	acct/<account>/policy     PolicyPatch of an account
//	link/<scope>              breaker of an account ("a:id") or hub ("h:account:id")
//	dev/<device>              config
//	run/<device>              run; its revision guards all records of the device
//	held/<device>             []entry: what the lock held when last seen
//	code/<device>/<code>      code, live
//	hist/<device>/<code>      code, gone
//	cid/<code>                the device of a code, live or gone
//	group/<key>               group: the codes of a common key
//	idem/<key>                keptAnswer: what the command with that idempotency key was answered, for a day
//	undo/<seq>                what a command changed, for a week
//	ev/<seq>                  Event
const (
	keySchema  = "meta/schema"
	keySecret  = "meta/secret"
	keyPolicy  = "meta/policy"
	keyRethink = "meta/rethink"
	keyCommit  = "meta/commit"

	dirAccount = "acct/"
	dirLink    = "link/"
	dirConfig  = "dev/"
	dirRun     = "run/"
	dirHeld    = "held/"
	dirCode    = "code/"
	dirHistory = "hist/"
	dirCodeID  = "cid/"
	dirGroup   = "group/"
	dirIdem    = "idem/"
	dirUndo    = "undo/"
	dirEvent   = "ev/"
)

func keyAccountPolicy(id lock.AccountID) string { return dirAccount + string(id) + "/policy" }
func keyLink(scope string) string               { return dirLink + scope }
func keyConfig(id lock.DeviceID) string         { return dirConfig + string(id) }
func keyRun(id lock.DeviceID) string            { return dirRun + string(id) }
func keyHeld(id lock.DeviceID) string           { return dirHeld + string(id) }
func keyCodes(id lock.DeviceID) string          { return dirCode + string(id) + "/" }
func keyHistories(id lock.DeviceID) string      { return dirHistory + string(id) + "/" }
func keyCodeID(id lock.CodeID) string           { return dirCodeID + string(id) }
func keyGroup(key string) string                { return dirGroup + key }
func keyIdem(key string) string                 { return dirIdem + key }
func keyUndo(seq Seq) string                    { return dirUndo + seqText(seq) }
func keyEvent(seq Seq) string                   { return dirEvent + seqText(seq) }

func keyCode(dev lock.DeviceID, id lock.CodeID) string {
	return dirCode + string(dev) + "/" + string(id)
}
func keyHistory(dev lock.DeviceID, id lock.CodeID) string {
	return dirHistory + string(dev) + "/" + string(id)
}

// seqText is 16 hex digits, so that byte order is number order.
func seqText(s Seq) string {
	const digits = "0123456789abcdef"
	var b [16]byte
	for i := range b {
		b[i] = digits[s>>(60-4*i)&15]
	}
	return string(b[:])
}

// validID says why an id chosen by a caller can't be part of a key, or "".
func validID(id string) string {
	if id == "" {
		return "must not be empty"
	}
	if len(id) > 64 {
		return "must have at most 64 characters"
	}
	for i := range len(id) {
		c := id[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' || c == ':' || c == '+') {
			return "may hold letters, digits and - _ . : + only"
		}
	}
	return ""
}
