package cognito

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"strings"
)

// The server's half of the sign-in: it keeps what follows from the password, never the password, and gives nothing away that helps to
// guess it. Written from the formulas alone; the drivers have their own half.

// prime is the 3072-bit number of RFC 3526, group 15.
func prime() *big.Int {
	n, _ := new(big.Int).SetString(strings.Join([]string{
		"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74", "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437",
		"4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED", "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05",
		"98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB", "9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B",
		"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718", "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33",
		"A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7", "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864",
		"D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2", "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
	}, ""), 16)
	return n
}

var two = big.NewInt(2)

// padded are the bytes of a number as the hashes take it: a zero byte in front where the first would look negative.
func padded(n *big.Int) []byte {
	text := n.Text(16)
	if len(text)%2 == 1 {
		text = "0" + text
	}
	if strings.IndexByte("89abcdef", text[0]) >= 0 {
		text = "00" + text
	}
	b, _ := hex.DecodeString(text) // it was just written
	return b
}

func sum(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func keyed(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func integer(b []byte) *big.Int { return new(big.Int).SetBytes(b) }

// verifierOf is v, which the server keeps instead of the password.
func verifierOf(salt *big.Int, pool, user, password string) *big.Int {
	x := integer(sum(padded(salt), sum([]byte(pool+user+":"+password))))
	return new(big.Int).Exp(two, x, prime())
}

// offer is B for the server's secret b.
func offer(v, b *big.Int) *big.Int {
	n := prime()
	k := integer(sum(padded(n), padded(two)))
	open := k.Mul(k, v)
	open.Add(open, new(big.Int).Exp(two, b, n))
	return open.Mod(open, n)
}

// keyOf is the key that both sides come to, from A and B.
func keyOf(v, b, theirs, ours *big.Int) []byte {
	n := prime()
	u := integer(sum(padded(theirs), padded(ours)))
	s := new(big.Int).Exp(v, u, n)
	s.Mul(s, theirs)
	s.Exp(s, b, n)
	return keyed(keyed(padded(u), padded(s)), []byte("Caldera Derived Key"), []byte{1})[:16]
}
