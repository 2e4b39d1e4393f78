"""The optimisers: AdamW for embeddings, norms and biases; Muon (momentum made orthogonal by Newton-Schulz steps) for matrices.

Muon's update is scaled to AdamW's usual size, 0.2 * sqrt(longer side), so both share one learning rate and weight decay
(Jordan et al. 2024, Liu et al. 2025). Matrices of one shape go through the Newton-Schulz steps as one batch.
"""
import torch


class Muon(torch.optim.Optimizer):
    def __init__(self, parameters, lr, weight_decay, momentum=0.95):
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            shapes = {}
            for p in group["params"]:
                shapes.setdefault(tuple(sorted(p.shape)), []).append(p)
            for shape, parameters in shapes.items():
                for p in parameters:
                    if not self.state[p]:
                        self.state[p]["average"] = torch.zeros_like(p)
                averages, gradients = [self.state[p]["average"] for p in parameters], [p.grad for p in parameters]
                torch._foreach_mul_(averages, group["momentum"])
                torch._foreach_add_(averages, gradients, alpha=1 - group["momentum"])
                torch._foreach_mul_(gradients, 1 - group["momentum"])
                torch._foreach_add_(gradients, averages, alpha=group["momentum"])
                wide = [g if p.shape[0] <= p.shape[1] else g.T for p, g in zip(parameters, gradients)]
                updates = orthogonal(torch.stack(wide)).unbind()
                torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
                torch._foreach_add_(parameters, [u if p.shape[0] <= p.shape[1] else u.T for p, u in zip(parameters, updates)],
                                    alpha=-0.2 * shape[1] ** 0.5 * group["lr"])


def orthogonal(x, steps=5):
    """x [batch, m, n] with m <= n: about U V^T of each matrix's singular value decomposition."""
    kind = x.dtype
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    x = x.bfloat16() if x.is_cuda else x
    for _ in range(steps):
        a = x @ x.transpose(-1, -2)
        x = torch.baddbmm(x, torch.baddbmm(a, a, a, beta=-4.7750, alpha=2.0315), x, beta=3.4445)
    return x.to(kind)


def make_optimisers(model, lr, weight_decay, muon):
    matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and "embed" not in n]
    tables = [p for n, p in model.named_parameters() if p.dim() == 2 and "embed" in n]
    vectors = [p for n, p in model.named_parameters() if p.dim() < 2]
    fused = {"fused": True} if next(model.parameters()).is_cuda else {}
    adam = [{"params": tables, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    if not muon:
        adam.append({"params": matrices, "weight_decay": weight_decay})
    optimisers = [torch.optim.AdamW(adam, lr=lr, betas=(0.9, 0.95), eps=1e-9, **fused)]
    if muon:
        optimisers.append(Muon(matrices, lr, weight_decay))
    return optimisers
