/** One step of an operation for somebody to do: the payload, as JSON, of the Lambda as well. */
export interface OperateRequest {
  readonly version: 1;
  readonly operationId: string;
  /** The group to work on; without it whatever the operation needs next is decided and invoked. */
  readonly groupId?: string;
}

/** Has operations go on somewhere else; resolves when the invocation was accepted. */
export interface OperationInvoker {
  /** Rejects with INVOKE_THROTTLED or INVOKE_FAILED; an operation that is left so is taken up again by the next sweep. */
  invoke(request: OperateRequest, signal?: AbortSignal): Promise<void>;
}
