package igloohome

import (
	"crypto/aes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// handle is what has to be known of a PIN to ask for it and to erase it: its digits above all, as the vendor gives PINs no ids.
type handle struct {
	pin    lock.PIN
	posted time.Time // to the minute
	window uint32    // a sum of what was asked for
	job    string
}

// maxJobID bounds the vendor's ids of jobs.
const maxJobID = 100

func sumOf(w lock.Window) uint32 {
	if w.IsZero() {
		return 0
	}
	w = w.Grain(time.Minute)
	return crc32.ChecksumIEEE([]byte(stamp(w.From) + stamp(w.To)))
}

// seal makes a Ref of a handle. The digits don't show in it: they are a block that only this client's id opens.
func (a *account) seal(h handle) lock.Ref {
	var block [aes.BlockSize]byte
	digits := h.pin.Reveal() + strings.Repeat("F", lock.MaxPIN)
	for i := range lock.MaxPIN {
		nibble := byte(0xf)
		if digits[i] != 'F' {
			nibble = digits[i] - '0'
		}
		block[i/2] = block[i/2]<<4 | nibble
	}
	binary.BigEndian.PutUint32(block[6:], uint32(h.posted.Unix()/60))
	binary.BigEndian.PutUint32(block[10:], h.window)
	a.cipher.Encrypt(block[:], block[:])
	return lock.Ref(base64.RawURLEncoding.EncodeToString(block[:]) + "." + h.job)
}

// unseal reads a Ref; false: this client has not made it.
func (a *account) unseal(ref lock.Ref) (handle, bool) {
	sealed, job, ok := strings.Cut(string(ref), ".")
	text, err := base64.RawURLEncoding.DecodeString(sealed)
	if !ok || err != nil || len(text) != aes.BlockSize || job == "" {
		return handle{}, false
	}
	var block [aes.BlockSize]byte
	a.cipher.Decrypt(block[:], text)
	var digits strings.Builder
	for i := range lock.MaxPIN {
		nibble := block[i/2] >> (4 * (1 - i%2)) & 0xf
		switch {
		case nibble == 0xf && digits.Len() <= i:
			continue
		case nibble > 9, digits.Len() != i:
			return handle{}, false
		}
		digits.WriteByte('0' + nibble)
	}
	pin, err := lock.ParsePIN(digits.String())
	if err != nil || block[14] != 0 || block[15] != 0 {
		return handle{}, false
	}
	return handle{pin, time.Unix(int64(binary.BigEndian.Uint32(block[6:]))*60, 0).UTC(), binary.BigEndian.Uint32(block[10:]), job}, true
}
