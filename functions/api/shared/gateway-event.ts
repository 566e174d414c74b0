/** The part of API Gateway's event for a REST API (payload format 1.0) that the API looks at. */
export interface GatewayEvent {
  /** Template of the path: `/v1/accounts/{id}`; `/{proxy+}` for what no route has. */
  readonly resource: string;
  readonly path: string;
  readonly httpMethod: string;
  readonly multiValueHeaders: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly multiValueQueryStringParameters: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly pathParameters: Readonly<Record<string, string | undefined>> | null;
  readonly requestContext: {
    readonly requestId: string;
    /** With the stage, such as `/live`, or whatever else stands before `path` for callers. */
    readonly path?: string;
    readonly identity: {
      readonly sourceIp: string;
      readonly userArn?: string | null;
    };
  };
  readonly body: string | null;
  readonly isBase64Encoded: boolean;
}

export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

export interface GatewayResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: false;
}

export type ApiHandler = (event: GatewayEvent, context: LambdaContext) => Promise<GatewayResult>;
