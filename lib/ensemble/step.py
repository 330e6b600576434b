"""One step of training and one pass of evaluation, for all members at once.

Read from the top: `train_epoch` takes one step after the other; a step takes the gradients of each
member (`gradients`, by a pass `forward`), lets the optimizer apply the stack, and constrains it.
All methods here become parts of two graphs; `values` and `metrics` are lists of tensors, one for
each of `model.variables` and of `model.metrics_variables`.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from lib.ensemble.optimizer import stacked_optimizer
from lib.ensemble.stacks import Stacks

EVALUATION_ROWS = 512  # validation rows per forward pass: bounds memory

Tensors = list[tf.Tensor]


class Steps:
    """What changes the stacks: the model of one member, lent the values of each in turn.

    Args:
        model: of the first member; its optimizer is used up.
        stacks: the variables of all members.
        train, valid: rows and targets (n, ...) as tensors.
    """

    def __init__(
        self,
        model: keras.Model,
        stacks: Stacks,
        train: tuple[tf.Tensor, tf.Tensor],
        valid: tuple[tf.Tensor, tf.Tensor],
    ) -> None:
        self.model, self.stacks = model, stacks
        (self.x_train, self.y_train), (self.x_valid, self.y_valid) = train, valid
        self.optimizer, self.clip = stacked_optimizer(model, stacks)
        # A row makes Keras create the variables of the metrics; each pass begins with their zeros.
        x, y = self.x_valid[:1], self.y_valid[:1]
        model.compute_metrics(x, y, model(x, training=False))
        model.reset_metrics()
        members = stacks.variables[0].shape[0]
        self.zeros = [tf.stack([v.value] * members) for v in model.metrics_variables]

    def train_epoch(self, order: tf.Tensor) -> dict[str, tf.Tensor]:
        """Train on the batches `order` (step, seed, row); return the metrics, each (seed,)."""

        def step(i: tf.Tensor, metrics: Tensors) -> tuple[tf.Tensor, Tensors]:
            batch = tf.gather(self.x_train, order[i]), tf.gather(self.y_train, order[i])
            gradients, values, metrics = tf.vectorized_map(
                self.gradients, (self.stacks.values(), metrics, *batch), warn=False
            )
            by_position = dict(zip(self.stacks.trainable, gradients, strict=True))
            stacked_gradients = []
            for k, stack in enumerate(self.stacks.variables):
                if stack.trainable:
                    stacked_gradients.append(self.stacks.together(k, by_position))
                else:
                    stack.assign(self.stacks.together(k, dict(enumerate(values))))
            self.optimizer.apply(stacked_gradients)
            self.constrain()
            return i + 1, metrics

        _, metrics = tf.while_loop(lambda i, _: i < order.shape[0], step, (0, self.zeros))
        return self.results(metrics)

    def gradients(
        self, member: tuple[Tensors, Tensors, tf.Tensor, tf.Tensor]
    ) -> tuple[Tensors, Tensors, Tensors]:
        """Clipped gradients, variables and metrics of one member after a pass over its batch.

        It takes the member's variables and metrics, and the rows and targets of the batch.
        """
        values, metrics, x, y = member
        trainable = [values[i] for i in self.stacks.trainable]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(trainable)
            loss, values, metrics = self.forward(values, metrics, x, y, training=True)
        gradients = tape.gradient(loss, trainable)
        for i, gradient in zip(self.stacks.trainable, gradients, strict=True):
            if gradient is None:
                path = self.model.variables[i].path
                raise ValueError(f"build: the loss does not depend on trainable weight {path!r}.")
        return self.clip([tf.convert_to_tensor(g) for g in gradients]), values, metrics

    def forward(
        self, values: Tensors, metrics: Tensors, x: tf.Tensor, y: tf.Tensor, training: bool
    ) -> tuple[tf.Tensor, Tensors, Tensors]:
        """Loss, variables and metrics of one member (as the `train_step` of Keras for JAX)."""
        variables = self.model.variables + self.model.metrics_variables
        mapping = list(zip(variables, values + metrics, strict=True))
        with keras.StatelessScope(state_mapping=mapping, collect_losses=True) as scope:
            predicted = self.model(x, training=training)
            loss = self.model.compute_loss(x=x, y=y, y_pred=predicted, training=training)
            self.model.metrics[0].update_state(loss, sample_weight=x.shape[0])
            self.model.compute_metrics(x, y, predicted)
        after = [scope.get_current_value(v) for v in variables]
        for i in self.stacks.trainable:
            if after[i] is not values[i]:
                path = variables[i].path
                raise ValueError(
                    f"build: a layer assigns to trainable weight {path!r} in its call; "
                    "use a constraint, or take the weight out of training."
                )
        return loss, after[: len(values)], after[len(values) :]

    def constrain(self) -> None:
        """Apply the constraints of the weights, such as a largest norm, to each member."""
        candidates = {i: self.model.variables[i].constraint for i in self.stacks.trainable}
        constraints = {i: constraint for i, constraint in candidates.items() if constraint}
        if not constraints:
            return
        values = dict(enumerate(self.stacks.values()))
        for i, constraint in constraints.items():
            values[i] = tf.vectorized_map(constraint, values[i], warn=False)
        for k, group in enumerate(self.stacks.groups):
            if not constraints.keys().isdisjoint(group):
                self.stacks.variables[k].assign(self.stacks.together(k, values))

    def evaluate(self) -> dict[str, tf.Tensor]:
        """The metrics on all validation rows, each (seed,)."""
        metrics, x, y = self.zeros, self.x_valid, self.y_valid
        passes, rest = divmod(len(x), EVALUATION_ROWS)

        def step(i: tf.Tensor, metrics: Tensors) -> tuple[tf.Tensor, Tensors]:
            rows = tf.range(EVALUATION_ROWS) + i * EVALUATION_ROWS
            return i + 1, self.evaluate_rows(tf.gather(x, rows), tf.gather(y, rows), metrics)

        if passes:
            _, metrics = tf.while_loop(lambda i, _: i < passes, step, (0, metrics))
        if rest:
            metrics = self.evaluate_rows(x[-rest:], y[-rest:], metrics)
        return self.results(metrics)

    def evaluate_rows(self, x: tf.Tensor, y: tf.Tensor, metrics: Tensors) -> Tensors:
        def member(inputs: tuple[Tensors, Tensors]) -> Tensors:
            return self.forward(*inputs, x, y, training=False)[2]

        metrics = tf.vectorized_map(member, (self.stacks.values(), metrics), warn=False)
        return metrics

    def results(self, metrics: Tensors) -> dict[str, tf.Tensor]:
        """Named results of the stacked variables of the metrics."""

        def member(values: Tensors) -> dict[str, tf.Tensor]:
            mapping = list(zip(self.model.metrics_variables, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping):
                return dict(self.model.get_metrics_result())

        results: dict[str, tf.Tensor] = tf.vectorized_map(member, metrics, warn=False)
        return results
