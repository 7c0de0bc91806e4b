package cognito

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"
)

// The password never travels: both sides prove that they know it by a key that they come to, by SRP-6a in the group of 3072 bits of
// RFC 3526 and with Amazon's own ways of hashing.

// modulus is N of that group.
const modulus = "" +
	"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437" +
	"4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05" +
	"98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b" +
	"e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33" +
	"a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864" +
	"d87602733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff"

const (
	secretBytes = 32 // of a, as RFC 5054 asks for at least
	keyBytes    = 16
	derived     = "Caldera Derived Key\x01"
	stamp       = "Mon Jan 2 15:04:05 UTC 2006"
	largest     = 8 << 10 // hexadecimal digits that are read of a number
)

// group is N and g with k, which follows from them.
type group struct{ n, g, k *big.Int }

func newGroup() group {
	n, _ := new(big.Int).SetString(modulus, 16)
	g := big.NewInt(2)
	return group{n, g, hash(pad(n), pad(g))}
}

// exchange is one sign-in on its way.
type exchange struct {
	group
	a, open *big.Int // our secret, and what the other side is told of it
}

func begin(random io.Reader) (*exchange, error) {
	secret := make([]byte, secretBytes)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("no random bits: %w", err)
	}
	return with(secret), nil
}

func with(secret []byte) *exchange {
	x := &exchange{group: newGroup(), a: new(big.Int).SetBytes(secret)}
	x.open = new(big.Int).Exp(x.g, x.a, x.n)
	return x
}

// key is what both sides come to. identity is the pool's name with the user's id behind it.
func (x *exchange) key(identity, password, salt, open string) ([]byte, error) {
	s, err := number(salt)
	if err != nil {
		return nil, err
	}
	b, err := number(open)
	if err != nil {
		return nil, err
	}
	u := hash(pad(x.open), pad(b))
	if new(big.Int).Mod(b, x.n).Sign() == 0 || u.Sign() == 0 {
		return nil, errors.New("the challenge has numbers that no honest server sends")
	}
	inner := sha256.Sum256([]byte(identity + ":" + password))
	p := hash(pad(s), inner[:])
	base := new(big.Int).Exp(x.g, p, x.n)
	base.Mod(base.Sub(b, base.Mul(base, x.k)), x.n)
	shared := base.Exp(base, p.Add(x.a, p.Mul(p, u)), x.n)
	return mac(mac(pad(u), pad(shared)), []byte(derived))[:keyBytes], nil
}

// sign proves that the key is known.
func sign(key []byte, identity string, block []byte, at time.Time) (signature, timestamp string) {
	timestamp = at.UTC().Format(stamp)
	return base64.StdEncoding.EncodeToString(mac(key, []byte(identity), block, []byte(timestamp))), timestamp
}

// number reads a hexadecimal number that is not absurdly large.
func number(text string) (*big.Int, error) {
	n, ok := new(big.Int).SetString(text, 16)
	if !ok || len(text) > largest || n.Sign() < 0 || strings.HasPrefix(text, "+") {
		return nil, errors.New("the challenge lacks a number")
	}
	return n, nil
}

// pad writes a number as it is hashed: as few bytes as hold it, with a zero byte in front if its highest bit is set.
func pad(n *big.Int) []byte {
	b := n.Bytes()
	if len(b) == 0 || b[0] >= 0x80 {
		return append([]byte{0}, b...)
	}
	return b
}

func hash(parts ...[]byte) *big.Int {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}

func mac(key []byte, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, key)
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}

// hexOf writes a number as the service reads it.
func hexOf(n *big.Int) string { return hex.EncodeToString(n.Bytes()) }
