"""The networks of a checkpoint as modules with named inputs and outputs, ready to be traced."""

import json
from dataclasses import dataclass, field

import torch
from torch import nn

TOKENS = 77  # that CLIP reads
LATENT = 16  # side of the example latents; every side is dynamic in the graph


@dataclass
class Network:
    """One graph to be: the module whose weights it has, and how it's called."""

    folder: str
    module: nn.Module  # as diffusers or transformers know it; its state dict has the names for weights.json
    inputs: dict  # name -> example
    outputs: list
    call: object  # (module, {name: tensor}) -> tensors in the order of outputs
    config: dict | None = None
    static: dict = field(default_factory=dict)  # input name -> axes that have one size only
    keep_float32: bool = False  # even where half precision was asked for
    adaptable: bool = False  # LoRA may change it


class Traced(nn.Module):
    """Calls a network by position, as the tracer does. Half-precision networks still take and give float32, so that
    one renderer feeds them all."""

    def __init__(self, network: Network):
        super().__init__()
        self.m = network.module
        self.network = network

    def forward(self, *tensors):
        dtype = next(self.m.parameters()).dtype
        given = {
            name: t.to(dtype) if t.is_floating_point() and name != "timestep" else t
            for name, t in zip(self.network.inputs, tensors, strict=True)
        }
        return tuple(t.float() for t in self.network.call(self.m, given))


def text_encoder(folder: str, module, projected: bool) -> Network:
    """A CLIP text encoder with every layer's output; clip skip takes another one than the last."""
    config = module.config
    config.output_hidden_states = True
    layers = config.num_hidden_layers + 1
    first = ["text_embeds", "last_hidden_state"] if projected else ["last_hidden_state", "pooler_output"]

    def call(m, given):
        out = m(input_ids=given["input_ids"], output_hidden_states=True)
        return [getattr(out, name) for name in first] + list(out.hidden_states)

    ids = torch.full((2, TOKENS), min(5, config.vocab_size - 1), dtype=torch.int64)
    ids[:, -1] = config.vocab_size - 1
    outputs = first + [f"hidden_states.{i}" for i in range(layers)]
    return Network(folder, module, {"input_ids": ids}, outputs, call, json.loads(config.to_json_string()), adaptable=True)


def image_encoder(module) -> Network:
    """The CLIP vision network of an IP-Adapter. The plus variants read the last layer but one."""

    def call(m, given):
        out = m(pixel_values=given["pixel_values"], output_hidden_states=True)
        return [out.image_embeds, out.hidden_states[-2]]

    side = module.config.image_size
    return Network(
        "image_encoder", module, {"pixel_values": torch.randn(2, 3, side, side)}, ["image_embeds", "penultimate_hidden_state"],
        call, json.loads(module.config.to_json_string()), {"pixel_values": [1, 2, 3]},
    )


def vae_encoder(vae) -> Network:
    def call(m, given):
        return [m.encode(given["sample"]).latent_dist.parameters]

    return Network(
        "vae_encoder", vae, {"sample": torch.randn(2, vae.config.in_channels, 8 * LATENT, 8 * LATENT)}, ["latent_parameters"],
        call, json.loads(vae.to_json_string()), {"sample": [1]}, keep_float32=bool(vae.config.get("force_upcast", True)),
    )


def vae_decoder(vae) -> Network:
    def call(m, given):
        return [m.decode(given["latent_sample"], return_dict=False)[0]]

    return Network(
        "vae_decoder", vae, {"latent_sample": torch.randn(2, vae.config.latent_channels, LATENT, LATENT)}, ["sample"],
        call, json.loads(vae.to_json_string()), {"latent_sample": [1]}, keep_float32=bool(vae.config.get("force_upcast", True)),
    )


def _denoiser_inputs(m, pooled) -> tuple[dict, dict]:
    """What UNets and their control networks are both given. SDXL's take a pooled vector and sizes: six numbers for a base,
    five for a refiner, which only the pooled vector's width tells apart."""
    c = m.config
    width = c.encoder_hid_dim or c.cross_attention_dim
    inputs = {
        "sample": torch.randn(2, c.in_channels, LATENT, LATENT),
        "timestep": torch.tensor(501.0),
        "encoder_hidden_states": torch.randn(2, TOKENS, width if isinstance(width, int) else width[0]),
    }
    static = {"sample": [1], "encoder_hidden_states": [2]}
    if c.get("time_cond_proj_dim"):
        inputs["timestep_cond"] = torch.randn(2, c.time_cond_proj_dim)
        static["timestep_cond"] = [1]
    if c.addition_embed_type == "text_time":
        sizes = (c.projection_class_embeddings_input_dim - pooled) // c.addition_time_embed_dim
        inputs["text_embeds"], inputs["time_ids"] = torch.randn(2, pooled), torch.full((2, sizes), 64.0)
        static["text_embeds"], static["time_ids"] = [1], [1]
    return inputs, static


def _added(given: dict) -> dict:
    return {name: given[name] for name in ("text_embeds", "time_ids") if name in given}


def residual_shapes(unet) -> list:
    """[channels, halvings] of what a control network adds, in order; the last one is the middle block's."""
    shapes, halvings = [(unet.config.block_out_channels[0], 0)], 0
    for block, channels in zip(unet.down_blocks, unet.config.block_out_channels, strict=True):
        shapes += [(channels, halvings)] * len(block.resnets)
        if block.downsamplers is not None:
            halvings += 1
            shapes.append((channels, halvings))
    return [*shapes, (unet.config.block_out_channels[-1], halvings)]


def unet(module, pooled=None, adapters=(), tokens=()) -> Network:
    """The denoiser, with an input for each residual. Pooled is the width of SDXL's pooled vector. Adapters are the features of a T2I-Adapter, where it shall take
    them; tokens the shapes of the image embeddings of IP-Adapters that were loaded into the module. Each of these has a
    strength for each attention layer, so that a picture may steer style or layout alone; config.json names the layers."""
    inputs, static = _denoiser_inputs(module, pooled)
    shapes = residual_shapes(module)
    down = [f"down_block_res_sample_{i}" for i in range(len(shapes) - 1)]
    for name, (channels, halvings) in zip([*down, "mid_block_res_sample"], shapes, strict=True):
        inputs[name] = torch.randn(2, channels, LATENT >> halvings, LATENT >> halvings)
        static[name] = [1]
    intra = [f"down_intrablock_additional_residual_{i}" for i in range(len(adapters))]
    for name, feature in zip(intra, adapters, strict=True):
        inputs[name] = torch.randn(feature.shape)
        static[name] = [1]
    for i, shape in enumerate(tokens):
        inputs[f"image_embeds_{i}"] = torch.randn(2, *shape)
        static[f"image_embeds_{i}"] = list(range(2, 1 + len(shape)))
    config = json.loads(module.to_json_string())
    if tokens:
        layers = [name.removesuffix(".processor") for name, p in module.attn_processors.items() if hasattr(p, "to_k_ip")]
        inputs["ip_adapter_scale"] = torch.ones(len(tokens), len(layers))
        static["ip_adapter_scale"] = [0, 1]
        config |= {"ip_adapters": len(tokens), "ip_adapter_layers": layers}

    def call(m, given):
        added = _added(given)
        if tokens:
            added["image_embeds"] = [given[f"image_embeds_{i}"] for i in range(len(tokens))]
            for layer, name in enumerate(layers):
                m.attn_processors[name + ".processor"].scale = [given["ip_adapter_scale"][i, layer] for i in range(len(tokens))]
        return m(
            given["sample"], given["timestep"], given["encoder_hidden_states"],
            timestep_cond=given.get("timestep_cond"), added_cond_kwargs=added or None,
            down_block_additional_residuals=tuple(given[name] for name in down),
            mid_block_additional_residual=given["mid_block_res_sample"],
            # diffusers adds some of these in place, to a tensor that the skip connection holds too
            down_intrablock_additional_residuals=[given[name] for name in intra] or None,
            return_dict=False,
        )

    return Network("unet", module, inputs, ["out_sample"], call, config, static, adaptable=True)


def controlnet(folder: str, module, pooled=None) -> Network:
    """A control network. Its picture is factor times the latents' size; the factor is that of its own convolutions."""
    inputs, static = _denoiser_inputs(module, pooled)
    side = LATENT * 2 ** (len(module.config.conditioning_embedding_out_channels) - 1)
    inputs["controlnet_cond"] = torch.rand(2, module.config.conditioning_channels, side, side)
    inputs["conditioning_scale"] = torch.tensor(1.0)
    static["controlnet_cond"] = [1]

    def call(m, given):
        down, mid = m(
            given["sample"], given["timestep"], given["encoder_hidden_states"], given["controlnet_cond"],
            conditioning_scale=given["conditioning_scale"], timestep_cond=given.get("timestep_cond"),
            added_cond_kwargs=_added(given) or None, return_dict=False,
        )
        return [*down, mid]

    n = len(residual_shapes(module)) - 1
    outputs = [f"down_block_res_sample_{i}" for i in range(n)] + ["mid_block_res_sample"]
    return Network(folder, module, inputs, outputs, call, json.loads(module.to_json_string()), static)


def t2i_adapter(module, factor: int) -> Network:
    """A T2I-Adapter: it looks at the picture alone, so one run serves the whole walk. Factor is how many pixels a latent
    stands for."""
    side = factor * LATENT
    example = torch.rand(2, module.config.in_channels, side, side)

    def call(m, given):
        return [feature * given["conditioning_scale"] for feature in m(given["image"])]

    with torch.no_grad():
        n = len(module(example))
    return Network(
        "t2i_adapter", module, {"image": example, "conditioning_scale": torch.tensor(1.0)},
        [f"down_intrablock_additional_residual_{i}" for i in range(n)], call, json.loads(module.to_json_string()), {"image": [1]},
    )
