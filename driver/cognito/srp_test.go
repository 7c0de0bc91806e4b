package cognito

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"strings"
	"testing"
	"time"
)

// What Amazon's own client for JavaScript (amazon-cognito-identity-js 6.3.21) comes to from the same secret, salts and answers. The
// second answer and the first salt have their highest bit set, which both sides have to pad alike.
func TestTheKeyIsTheOneOfAmazonsOwnClient(t *testing.T) {
	secret := make([]byte, 128)
	for i := range secret {
		secret[i] = byte(i*37 + 200)
	}
	x := with(secret)
	told := sha256.Sum256([]byte(x.open.Text(16)))
	if got := hex.EncodeToString(told[:]); got != "ae17a7307e74c1bb0b173927268f1a624c68ccae57d8298c0a99bf5298709c12" {
		t.Errorf("A has the hash %s", got)
	}
	for _, c := range []struct{ salt, of, key string }{
		{"8f01", "b1", "f3613a68af5881a8589b9d03a0ed3ac8"}, {"7a20c0ffee", "03", "4a3b97e60df07cade1373a060d3e993e"},
	} {
		sum := sha512.Sum512([]byte(c.of))
		b, err := number(strings.Repeat(hex.EncodeToString(sum[:]), 6))
		if err != nil {
			t.Fatal(err)
		}
		key, err := x.key("AbCdEf123"+"0b9c-user", "Correct Horse 1!", c.salt, b.Mod(b, x.n).Text(16))
		if err != nil || hex.EncodeToString(key) != c.key {
			t.Errorf("salt %s gives the key %x: %v", c.salt, key, err)
		}
	}
}

func TestTimesAreWrittenAsTheServiceReadsThem(t *testing.T) {
	_, at := sign(nil, "", nil, time.Date(2026, 11, 2, 9, 3, 4, 0, time.FixedZone("elsewhere", 2*3600)))
	if at != "Mon Nov 2 07:03:04 UTC 2026" {
		t.Errorf("it is %s", at)
	}
}

// A server that sends numbers by which it would know the key without the password gets nothing.
func TestChallengesThatNoHonestServerSends(t *testing.T) {
	x, err := begin(bytes.NewReader(bytes.Repeat([]byte{7}, secretBytes)))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ salt, open string }{
		"zero": {"1", "0"}, "a multiple of N": {"1", x.n.Text(16)}, "nothing": {"1", ""}, "no salt": {"", "2"}, "no number": {"1", "xyz"},
		"less than nothing": {"1", "-2"}, "endless": {"1", strings.Repeat("f", largest+1)},
	} {
		if key, err := x.key("pool-user", "password", c.salt, c.open); err == nil {
			t.Errorf("%s gives the key %x", name, key)
		}
	}
}
