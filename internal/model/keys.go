package model

import (
	"fmt"
	"strconv"
	"strings"

	"presswerk/internal/art"
)

// Networks that adapters change, as folders of a model are called.
const (
	UNet         = "unet"
	TextEncoder  = "text_encoder"
	TextEncoder2 = "text_encoder_2"
)

// keys finds the weight that a key of an adapter means. It knows the weights of the networks at hand and looks the key
// up among their spellings: underscores for dots can't be undone otherwise.
type keys struct {
	exact map[string]map[string]bool   // network → modules
	loose map[string]map[string]string // network → spelling with underscores → module; "" where two have it
}

// newKeys takes torch's names of the weights of each network.
func newKeys(networks map[string][]string) keys {
	k := keys{exact: map[string]map[string]bool{}, loose: map[string]map[string]string{}}
	for network, names := range networks {
		exact, loose := map[string]bool{}, map[string]string{}
		add := func(spelling, module string) {
			spelling = strings.ReplaceAll(spelling, ".", "_")
			if known, ok := loose[spelling]; ok && known != module {
				module = ""
			}
			loose[spelling] = module
		}
		depth := layersPerBlock(names)
		for _, name := range names {
			module := strings.TrimSuffix(name, ".weight")
			exact[module] = true
			add(module, module)
			if network == UNet {
				if sgm := sgmName(module, depth, names); sgm != "" {
					add(sgm, module)
				}
			}
		}
		k.exact[network], k.loose[network] = exact, loose
	}
	return k
}

// find gives network and module of a key without its ending.
func (k keys) find(base string) (network, module string, err error) {
	for _, p := range []struct{ prefix, network string }{
		{"lora_unet_", UNet},
		{"lora_te_", TextEncoder},
		{"lora_te1_", TextEncoder},
		{"lora_te2_", TextEncoder2},
		{"unet.", UNet},
		{"diffusion_model.", UNet},
		{"text_encoder.", TextEncoder},
		{"text_encoder_2.", TextEncoder2},
	} {
		rest, ok := strings.CutPrefix(base, p.prefix)
		if !ok {
			continue
		}
		if k.exact[p.network] == nil {
			return "", "", fmt.Errorf("this model has no %s: %w", p.network, art.ErrInvalid)
		}
		module, err := k.in(p.network, rest)
		return p.network, module, err
	}
	// peft alone doesn't say which network it changed: the one that has this module.
	if rest, ok := strings.CutPrefix(base, "base_model.model."); ok {
		for _, candidate := range []string{UNet, TextEncoder, TextEncoder2} {
			if !k.exact[candidate][rest] {
				continue
			}
			if network != "" {
				return "", "", fmt.Errorf("both %s and %s have it: %w", network, candidate, art.ErrInvalid)
			}
			network, module = candidate, rest
		}
		if network != "" {
			return network, module, nil
		}
	}
	return "", "", fmt.Errorf("it is unknown: %w", art.ErrInvalid)
}

// in finds a module of one network.
func (k keys) in(network, name string) (string, error) {
	name = strings.ReplaceAll(name, ".processor.", ".")
	for _, spelling := range spellings(network, name) {
		if k.exact[network][spelling] {
			return spelling, nil
		}
		module, ok := k.loose[network][strings.ReplaceAll(spelling, ".", "_")]
		if ok && module == "" {
			return "", fmt.Errorf("%s has two weights that are spelt so: %w", network, art.ErrInvalid)
		}
		if ok {
			return module, nil
		}
	}
	return "", fmt.Errorf("%s has no such weight, so it was made for another model: %w", network, art.ErrInvalid)
}

// spellings adds diffusers' former names of the attention's layers.
//
// Source: diffusers, utils/state_dict_utils.py, DIFFUSERS_OLD_TO_PEFT and UNET_TO_DIFFUSERS.
func spellings(network, name string) []string {
	all := []string{name}
	for _, layer := range []struct{ old, unet, encoder string }{
		{".to_q", ".to_q", ".q_proj"},
		{".to_k", ".to_k", ".k_proj"},
		{".to_v", ".to_v", ".v_proj"},
		{".to_out", ".to_out.0", ".out_proj"},
	} {
		rest, ok := strings.CutSuffix(strings.TrimSuffix(name, "_lora"), layer.old)
		switch {
		case !ok:
		case network == UNet:
			all = append(all, rest+layer.unet)
		default:
			all = append(all, rest+layer.encoder)
		}
	}
	return all
}

// layersPerBlock counts the residual layers of the UNet's first block.
func layersPerBlock(names []string) int {
	n := 0
	for _, name := range names {
		if rest, ok := strings.CutPrefix(name, "down_blocks.0.resnets."); ok && strings.HasSuffix(rest, ".conv1.weight") {
			n++
		}
	}
	return n
}

// sgmName is what the original Stable Diffusion code calls a UNet's module, as kohya's SDXL adapters do; "" where it
// has no such name. Depth is the layers per block.
//
// Source: diffusers, loaders/lora_conversion_utils.py, _maybe_map_sgm_blocks_to_diffusers, read backwards.
func sgmName(module string, depth int, names []string) string {
	switch module {
	case "conv_in":
		return "input_blocks.0.0"
	case "conv_out":
		return "out.2"
	case "time_embedding.linear_1":
		return "time_embed.0"
	case "time_embedding.linear_2":
		return "time_embed.2"
	case "add_embedding.linear_1":
		return "label_emb.0.0"
	case "add_embedding.linear_2":
		return "label_emb.0.2"
	}
	part := strings.Split(module, ".")
	if part[0] == "mid_block" && len(part) > 3 {
		slot := map[string]string{"resnets.0": "0", "attentions.0": "1", "resnets.1": "2"}[part[1]+"."+part[2]]
		if slot == "" {
			return ""
		}
		return "middle_block." + slot + "." + sgmInner(part[1], part[3:])
	}
	if len(part) < 5 || part[0] != "down_blocks" && part[0] != "up_blocks" {
		return ""
	}
	block, err1 := strconv.Atoi(part[1])
	layer, err2 := strconv.Atoi(part[3])
	if err1 != nil || err2 != nil {
		return ""
	}
	at, slot, inner := block*(depth+1)+layer, 0, sgmInner(part[2], part[4:])
	switch part[2] {
	case "resnets":
	case "attentions":
		slot = 1
	case "downsamplers":
		at, inner = block*(depth+1)+depth, "op"
	case "upsamplers":
		at, slot = block*(depth+1)+depth, 1
		if hasAttention(names, "up_blocks."+part[1]) {
			slot = 2
		}
	default:
		return ""
	}
	if part[0] == "down_blocks" {
		return fmt.Sprintf("input_blocks.%d.%d.%s", at+1, slot, inner)
	}
	return fmt.Sprintf("output_blocks.%d.%d.%s", at, slot, inner)
}

// sgmInner is the original name of what lies in a residual layer; other parts bear the same names.
func sgmInner(kind string, part []string) string {
	name := strings.Join(part, ".")
	if kind != "resnets" {
		return name
	}
	switch name {
	case "conv1":
		return "in_layers.2"
	case "conv2":
		return "out_layers.3"
	case "time_emb_proj":
		return "emb_layers.1"
	case "conv_shortcut":
		return "skip_connection"
	}
	return name
}

func hasAttention(names []string, block string) bool {
	for _, name := range names {
		if strings.HasPrefix(name, block+".attentions.") {
			return true
		}
	}
	return false
}
