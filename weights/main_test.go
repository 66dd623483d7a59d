package weights

import (
	"testing"

	"github.com/dyt-go/dyt/internal/sampledata"
)

func TestMain(m *testing.M) { sampledata.Main(m) }
