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
                updates = []
                for p in parameters:
                    state = self.state[p]
                    if not state:
                        state["average"] = torch.zeros_like(p)
                    average = state["average"]
                    average.lerp_(p.grad, 1 - group["momentum"])
                    update = p.grad.lerp(average, group["momentum"])
                    updates.append(update if p.shape[0] <= p.shape[1] else update.T)
                scale = 0.2 * shape[1] ** 0.5 * group["lr"]
                for p, update in zip(parameters, orthogonal(torch.stack(updates)).unbind()):
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.sub_(update if p.shape[0] <= p.shape[1] else update.T, alpha=scale)


def orthogonal(x, steps=5):
    """x [batch, m, n] with m <= n: about U V^T of each matrix's singular value decomposition."""
    kind = x.dtype
    x = x.bfloat16() if x.is_cuda else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        a = x @ x.transpose(-1, -2)
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
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
